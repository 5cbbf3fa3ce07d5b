import { describe, expect, it } from "vitest";
import { area } from "../geometry/boolean";
import { superpixelPolygons, superpixels } from "./slic";
import { picture } from "./testing";

describe("superpixels", () => {
  const raster = picture(60, 48, (x) => (x < 27 ? [200, 60, 60] : [60, 60, 200]));
  const made = superpixels(raster, 8);

  it("covers every pixel with about the asked number of patches", () => {
    expect(made.labels.every((label) => label >= 0 && label < made.count)).toBe(true);
    expect(made.count).toBeGreaterThan(25);
    expect(made.count).toBeLessThan(80);
  });

  it("makes each patch one piece", () => {
    for (let label = 0; label < made.count; label += 1)
      expect(superpixelPolygons(made, label)).toHaveLength(1);
  });

  it("outlines every patch such that all together are the picture", () => {
    const all = Array.from({ length: made.count }, (_, label) => superpixelPolygons(made, label)).flat();
    expect(all.reduce((sum, polygon) => sum + area(polygon), 0)).toBe(60 * 48);
  });

  it("follows a colour edge", () => {
    const sides = new Map<number, Set<boolean>>();
    made.labels.forEach((label, i) => {
      sides.set(label, (sides.get(label) ?? new Set()).add(i % 60 < 27));
    });
    const mixed = [...sides.values()].filter((seen) => seen.size > 1);
    expect(mixed.length).toBe(0);
  });

  it("leaves out what is outside the image", () => {
    const holed = picture(20, 20, () => 90);
    for (let i = 0; i < 200; i += 1) holed.data[i * 4 + 3] = 0;
    const found = superpixels(holed, 6);
    expect(found.labels.filter((label) => label === -1)).toHaveLength(200);
  });

  it("works on one pixel", () => {
    const one = superpixels(
      picture(1, 1, () => 5),
      20,
    );
    expect(one.count).toBe(1);
    expect(superpixelPolygons(one, 0)).toHaveLength(1);
  });
});
