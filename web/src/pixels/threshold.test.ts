import { describe, expect, it } from "vitest";
import { filled, inverted, labelled, largestPiece, opened } from "./components";
import { pixelCount } from "./raster";
import { disc, maskFrom, noise, picture } from "./testing";
import { objectsIn, otsu } from "./threshold";

describe("otsu", () => {
  it("lies between two groups", () => {
    const limit = otsu([10, 11, 12, 10, 200, 201, 199]);
    expect(limit).toBeGreaterThan(12);
    expect(limit).toBeLessThan(199);
  });

  it("copes with one value and with none", () => {
    expect(otsu([5, 5, 5])).toBe(5);
    expect(otsu([])).toBe(0);
  });
});

describe("objectsIn", () => {
  const inside = disc(20, 20, 10);
  const area = Math.PI * 100;

  it("finds a bright and a dark object", () => {
    const next = noise(2);
    for (const [object, around] of [
      [180, 40],
      [40, 180],
    ] as const) {
      const raster = picture(40, 40, (x, y) => (inside(x, y) ? object : around) + next() * 5);
      const [mask, ...others] = objectsIn(raster);
      expect(others).toEqual([]);
      expect(Math.abs(pixelCount(mask ?? maskFrom()) / area - 1)).toBeLessThan(0.05);
    }
  });

  it("prefers what the box holds whole", () => {
    const big = disc(0, 20, 15);
    const raster = picture(60, 40, (x, y) => (big(x, y) || disc(40, 20, 8)(x, y) ? 200 : 20));
    const [mask] = objectsIn(raster);
    expect(Math.abs(pixelCount(mask ?? maskFrom()) / (Math.PI * 64) - 1)).toBeLessThan(0.08);
  });

  it("gives all objects on request, the largest first", () => {
    const [a, b] = [disc(15, 20, 9), disc(42, 20, 6)];
    const raster = picture(60, 40, (x, y) => (a(x, y) || b(x, y) ? 200 : 20));
    const sizes = objectsIn(raster, "all").map(pixelCount);
    expect(sizes).toHaveLength(2);
    expect(sizes[0]).toBeGreaterThan(sizes[1] ?? 0);
  });

  it("works in one colour", () => {
    const raster = picture(40, 40, (x, y) => (inside(x, y) ? [0, 0, 160] : [0, 0, 20]));
    expect(objectsIn(raster)).toHaveLength(1);
  });

  it("finds nothing in noise or in one pixel", () => {
    const next = noise(4);
    expect(objectsIn(picture(20, 20, () => 100 + next()))).toEqual([]);
    expect(objectsIn(picture(1, 1, () => 100))).toEqual([]);
  });
});

describe("pieces", () => {
  const mask = maskFrom("##..#", "##..#", ".....", "#....");

  it("numbers what touches by edges", () => {
    expect(labelled(mask).areas).toEqual([0, 4, 2, 1]);
    expect(pixelCount(largestPiece(mask))).toBe(4);
    expect(pixelCount(largestPiece(maskFrom("..")))).toBe(0);
  });

  it("fills holes up to a size, never bays", () => {
    const ring = maskFrom("####.", "#..##", "####.");
    expect(pixelCount(filled(ring))).toBe(13);
    expect(pixelCount(filled(ring, 1))).toBe(11);
    expect(pixelCount(inverted(ring))).toBe(4);
  });

  it("takes threads away", () => {
    const thread = maskFrom(".......", ".###...", ".######", ".###...", ".......");
    expect(pixelCount(opened(thread))).toBeLessThan(pixelCount(thread));
    expect(opened(thread).data[2 * 7 + 6]).toBe(0);
  });
});
