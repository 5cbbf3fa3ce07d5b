import { describe, expect, it } from "vitest";
import type { Image } from "../api/types";
import type { Place } from "./camera";
import { following, type Linkable, link, placeIn } from "./linking";
import { Signals } from "./signals";

const place = (x: number, y: number, zoom = 1, rotation = 0): Place => ({ x, y, zoom, rotation });

class View implements Linkable {
  readonly signals = new Signals<{ place: Place }>();
  readonly events = {
    on: (_: "place", listener: (now: Place) => void) => this.signals.on("place", listener),
  };
  readonly camera;

  constructor(public currentPlace: Place) {
    const view = this;
    this.camera = {
      get currentPlace() {
        return view.currentPlace;
      },
      go: (to: Place) => {
        view.currentPlace = to;
        view.signals.emit("place", to);
      },
    };
  }
}

describe("linked views", () => {
  it("move by the same way on the screen, whatever their zoom", () => {
    const moved = following(place(30, 10, 2), { lead: place(10, 10, 2), other: place(100, 50, 4) });
    expect(moved).toEqual(place(110, 50, 4));
  });

  it("zoom and turn by as much", () => {
    const moved = following(place(10, 10, 6, 90), { lead: place(10, 10, 2), other: place(100, 50, 4) });
    expect(moved).toEqual(place(100, 50, 12, 90));
  });

  it("go where the hand goes where one of them is turned", () => {
    const moved = following(place(11, 10), { lead: place(10, 10), other: place(0, 0, 1, 90) });
    expect(moved.x).toBeCloseTo(0);
    expect(moved.y).toBeCloseTo(-1);
  });

  it("lead each other both ways until they are set free", () => {
    const [a, b] = [new View(place(0, 0)), new View(place(5, 5, 2))];
    const free = link(a, b);
    a.camera.go(place(4, 0, 3));
    expect(b.currentPlace).toEqual(place(7, 5, 6));
    b.camera.go(place(5, 5, 2));
    expect(a.currentPlace).toEqual(place(0, 0));
    free();
    a.camera.go(place(9, 9));
    expect(b.currentPlace).toEqual(place(5, 5, 2));
  });

  it("begin at the same scale where it is known, else at the same width", () => {
    const image = (width: number, um: number | null) =>
      ({ width, height: 100, pixel_width_um: um }) as unknown as Image;
    expect(placeIn(image(400, 0.5), place(50, 20), image(100, 0.25))).toEqual(place(200, 20, 2));
    expect(placeIn(image(400, null), place(50, 20), image(100, 0.25))).toEqual(place(200, 20, 0.25));
  });
});
