import { describe, expect, it } from "vitest";
import { MOST_PIXELS, windowOf } from "./pixelPreview";

describe("the window of a preview", () => {
  it("holds what is in sight, in whole pixels", () => {
    expect(windowOf([10.4, 20.6, 100.2, 90.9], 1)).toEqual([10, 20, 101, 91]);
  });

  it("is none where nothing of the image is in sight", () => {
    expect(windowOf([50, 50, 50, 90], 1)).toBe("nothing");
    expect(windowOf([90, 0, 20, 10], 1)).toBe("nothing");
  });

  it("is too large beyond what the server takes, in pixels of the analysis", () => {
    const side = Math.sqrt(MOST_PIXELS);
    expect(windowOf([0, 0, side, side], 1)).toBe("too large");
    expect(windowOf([0, 0, side - 2, side - 2], 1)).toEqual([0, 0, side - 2, side - 2]);
    expect(windowOf([0, 0, 3 * side, 3 * side], 4)).toEqual([0, 0, 3 * side, 3 * side]);
  });
});
