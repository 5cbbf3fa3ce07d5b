import { describe, expect, it } from "vitest";
import { area, clamped } from "../geometry/boolean";
import type { Polygon } from "../geometry/types";
import { maskPolygons, polygonsMask, resampled, simplified, smoothed } from "./outlines";
import { emptyMask, type Mask, pixelCount } from "./raster";
import { disc, maskFrom, noise } from "./testing";

const total = (polygons: readonly Polygon[]): number => polygons.reduce((sum, p) => sum + area(p), 0);

function randomMask(seed: number, share: number): Mask {
  const next = noise(seed);
  const mask = emptyMask({ width: 23, height: 17 });
  return { ...mask, data: mask.data.map(() => (next() < share ? 1 : 0)) };
}

describe("maskPolygons", () => {
  it("makes nothing of an empty mask", () => {
    expect(maskPolygons(maskFrom("...", "..."))).toEqual([]);
    expect(maskPolygons({ width: 0, height: 0, data: new Uint8Array() })).toEqual([]);
  });

  it("goes along the sides of one pixel", () => {
    expect(maskPolygons(maskFrom("...", ".#.", "..."))).toEqual([
      [
        [
          [1, 1],
          [2, 1],
          [2, 2],
          [1, 2],
        ],
      ],
    ]);
  });

  it("has the pixels' area to the edge of the picture", () => {
    const [polygon, ...others] = maskPolygons(maskFrom("###", "###"));
    expect(others).toEqual([]);
    expect(area(polygon ?? [])).toBe(6);
    expect(polygon?.[0]).toHaveLength(4);
  });

  it("keeps holes exactly", () => {
    const [ring] = maskPolygons(maskFrom("#####", "#.#.#", "#####"));
    expect(ring).toHaveLength(3);
    expect(area(ring ?? [])).toBe(13);
  });

  it("keeps an island in a hole apart", () => {
    const polygons = maskPolygons(maskFrom("#####", "#...#", "#.#.#", "#...#", "#####"));
    expect(polygons.map(area).toSorted((a, b) => a - b)).toEqual([1, 16]);
  });

  it("parts pieces that touch by a corner", () => {
    expect(maskPolygons(maskFrom("#.", ".#")).map(area)).toEqual([1, 1]);
  });

  it("never touches itself: a bay that closes by a corner is a hole", () => {
    const polygons = maskPolygons(maskFrom("####", "#..#", "##.#", ".###"));
    expect(total(polygons)).toBe(12);
    const diagonal = maskPolygons(maskFrom("###.", "#.##", "##.#", ".###"));
    expect(total(diagonal)).toBe(12);
    for (const ring of [...polygons, ...diagonal].flat())
      expect(new Set(ring.map(String)).size).toBe(ring.length);
  });

  it("has the area of every random mask, and comes back as the same mask", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const mask = randomMask(seed, -0.6 + seed / 50);
      const polygons = maskPolygons(mask);
      expect(total(polygons)).toBe(pixelCount(mask));
      expect(polygonsMask(polygons, mask.width, mask.height).data).toEqual(mask.data);
      for (const ring of polygons.flat()) expect(new Set(ring.map(String)).size).toBe(ring.length);
    }
  });
});

describe("smoothed", () => {
  it("keeps the area of a disc within two per cent, with fewer points", () => {
    const inside = disc(20, 20, 14);
    const mask = emptyMask({ width: 40, height: 40 });
    mask.data.forEach((_, i) => {
      mask.data[i] = inside((i % 40) + 0.5, Math.floor(i / 40) + 0.5) ? 1 : 0;
    });
    const [exact] = maskPolygons(mask);
    const [smooth] = smoothed(maskPolygons(mask));
    expect(area(smooth ?? []) / (Math.PI * 14 * 14)).toBeGreaterThan(0.98);
    expect(area(smooth ?? []) / (Math.PI * 14 * 14)).toBeLessThan(1.02);
    expect(smooth?.[0]?.length).toBeLessThan(exact?.[0]?.length ?? 0);
  });

  it("stays valid on random masks: clipping changes no area", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const smooth = smoothed(maskPolygons(randomMask(seed, 0.8)));
      const sound = clamped(smooth, { width: 23, height: 17 });
      expect(Math.abs(total(sound) - total(smooth))).toBeLessThan(3);
    }
  });

  it("leaves one pixel as it is", () => {
    const one = maskPolygons(maskFrom("#"));
    expect(smoothed(one)).toEqual(one);
  });
});

describe("rings", () => {
  it("resamples evenly", () => {
    const square = maskPolygons(maskFrom("##", "##"))[0]?.[0] ?? [];
    expect(resampled(square, 1)).toHaveLength(8);
    expect(resampled([[1, 1]], 1)).toEqual([]);
  });

  it("drops points on a straight line", () => {
    const ring = resampled(maskPolygons(maskFrom("####", "####", "####", "####"))[0]?.[0] ?? [], 0.5);
    expect(simplified(ring, 0.4).length).toBeLessThan(10);
  });

  it("makes an empty mask of nothing", () => {
    expect(pixelCount(polygonsMask([], 4, 4))).toBe(0);
    expect(pixelCount(polygonsMask([[[[1, 1]]]], 4, 4))).toBe(0);
  });

  it("cuts polygons at the edge of the mask", () => {
    const wide: Polygon = [
      [
        [-5, -5],
        [50, -5],
        [50, 50],
        [-5, 50],
      ],
    ];
    expect(pixelCount(polygonsMask([wide], 6, 5))).toBe(30);
  });
});
