import { describe, expect, it } from "vitest";
import type { ChannelDisplay } from "../viewer/channels";
import { formatUrlState, parseUrlState } from "./urlState";

const channel = (index: number, isVisible: boolean): ChannelDisplay => ({
  index,
  isVisible,
  name: "",
  color: "#ffffff",
  low: 0,
  high: 1,
  gamma: 1,
});

describe("the address of a viewer page", () => {
  it("goes there and back", () => {
    const place = { x: 1234.5, y: 99, zoom: 0.25, rotation: -15 };
    const text = formatUrlState(place, { z: 3, t: 0 }, [
      channel(0, true),
      channel(1, false),
      channel(2, true),
    ]);
    expect(text).toBe("?x=1234.5&y=99&zoom=0.25&rotation=-15&z=3&channels=0,2");
    expect(parseUrlState(text)).toEqual({ place, plane: { z: 3, t: 0 }, channels: [0, 2] });
  });

  it("leaves out what is as usual", () => {
    const text = formatUrlState({ x: 0, y: 0, zoom: 1, rotation: 0 }, { z: 0, t: 0 }, [channel(0, true)]);
    expect(text).toBe("?x=0&y=0&zoom=1");
    expect(parseUrlState(text).channels).toBeNull();
  });

  it("remembers that no channel is visible", () => {
    const text = formatUrlState({ x: 0, y: 0, zoom: 1, rotation: 0 }, { z: 0, t: 0 }, [
      channel(0, false),
      channel(1, false),
    ]);
    expect(parseUrlState(text).channels).toEqual([]);
  });

  it.each(["", "?x=1&y=2", "?x=1&y=2&zoom=0", "?x=a&y=2&zoom=1", "?x=&y=&zoom=1"])(
    "has no place in %j",
    (text) => {
      expect(parseUrlState(text).place).toBeNull();
    },
  );

  it("makes nonsense of planes harmless", () => {
    expect(parseUrlState("?z=-4&t=1.7").plane).toEqual({ z: 0, t: 1 });
  });
});
