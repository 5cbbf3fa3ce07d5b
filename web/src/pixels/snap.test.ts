import { describe, expect, it } from "vitest";
import { area } from "../geometry/boolean";
import { circle, rectangle } from "../geometry/shapes";
import { safeMargin, snapped } from "./snap";
import { disc, noise, picture } from "./testing";

describe("snapped", () => {
  const inside = disc(40, 40, 20);
  const next = noise(7);

  it("draws a careless circle to the disc, bright or dark", () => {
    for (const [object, around] of [
      [170, 60],
      [60, 170],
    ] as const) {
      const raster = picture(80, 80, (x, y) => (inside(x, y) ? object : around) + next() * 6);
      for (const radius of [16, 24]) {
        const [polygon] = snapped(raster, [[circle([41, 39], radius)]]);
        expect(Math.abs(area(polygon ?? []) / (Math.PI * 400) - 1)).toBeLessThan(0.04);
      }
    }
  });

  it("stays where there is no edge", () => {
    const plain = picture(80, 80, () => 100);
    const [polygon] = snapped(plain, [[circle([40, 40], 15)]]);
    expect(Math.abs(area(polygon ?? []) / (Math.PI * 225) - 1)).toBeLessThan(0.05);
  });

  it("leaves tiny outlines as they are", () => {
    const tiny = [[rectangle([3, 3, 5, 5])]];
    expect(
      snapped(
        picture(9, 9, () => 0),
        tiny,
      ),
    ).toEqual(tiny);
    expect(
      snapped(
        picture(9, 9, () => 0),
        [],
      ),
    ).toEqual([]);
  });

  it("has a margin that a small shape survives", () => {
    expect(safeMargin([[rectangle([0, 0, 8, 40])]], 6)).toBe(2);
    expect(safeMargin([], 6)).toBe(0);
  });
});
