import { describe, expect, it } from "vitest";
import { floodFill, wand } from "./flood";
import { grown } from "./growing";
import { pixelCount, type Raster } from "./raster";
import { disc, noise, picture } from "./testing";

const at = (x: number, y: number, { width }: Raster): number => y * width + x;
/** Two touching squares of 60 and 90, on 0. */
const squares = picture(30, 20, (x, y) =>
  y > 5 && y < 15 ? (x > 5 && x < 15 ? 60 : x > 15 && x < 25 ? 90 : 0) : 0,
);

describe("floodFill", () => {
  it("takes what has the colour and touches", () => {
    expect(pixelCount(floodFill(squares, at(8, 8, squares), 0))).toBe(100);
    expect(pixelCount(floodFill(squares, at(8, 8, squares), 30))).toBe(200);
    expect(pixelCount(floodFill(squares, at(8, 8, squares), 255))).toBe(600);
  });

  it("sees colours, not only brightness", () => {
    const raster = picture(4, 1, (x) => (x < 2 ? [200, 0, 0] : [0, 200, 0]));
    expect(pixelCount(floodFill(raster, 0, 50))).toBe(2);
  });

  it("takes nothing outside the image", () => {
    const raster = picture(4, 4, () => 9);
    raster.data[3] = 0;
    expect(pixelCount(floodFill(raster, 0, 255))).toBe(0);
    expect(pixelCount(floodFill(raster, 5, 255))).toBe(15);
  });
});

describe("wand", () => {
  const next = noise(3);
  const inside = disc(30, 30, 15);
  /** A bright disc with noise; a weak slope to the right that leads out of it in colour alone. */
  const cell = picture(60, 60, (x, y) => (inside(x, y) ? 150 : 60) + next() * 4);

  it("stops at a strong edge whatever the tolerance", () => {
    const area = Math.PI * 15 * 15;
    for (const tolerance of [30, 80, 255]) {
      const found = pixelCount(wand(cell, at(30, 30, cell), tolerance));
      expect(found / area).toBeGreaterThan(0.9);
      expect(found / area).toBeLessThan(1.3);
    }
  });

  it("grows with the tolerance", () => {
    const sizes = [2, 6, 12, 25].map((t) => pixelCount(wand(cell, at(30, 30, cell), t)));
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(sizes[0]).toBeLessThan(sizes[3] ?? 0);
  });

  it("takes a plain picture whole", () => {
    const plain = picture(9, 9, () => 77);
    expect(pixelCount(wand(plain, 40, 0))).toBe(81);
  });
});

describe("grown", () => {
  const next = noise(5);
  const inside = disc(30, 28, 14);
  const cell = picture(60, 60, (x, y) => (inside(x, y) ? 130 : 50) + next() * 6);
  const line = [20, 25, 30, 35, 40].flatMap((x) => [at(x, 28, cell), at(x + 1, 28, cell)]);

  it("finds the disc below a careless line", () => {
    expect(pixelCount(grown(cell, line)) / (Math.PI * 14 * 14)).toBeGreaterThan(0.93);
    expect(pixelCount(grown(cell, line)) / (Math.PI * 14 * 14)).toBeLessThan(1.07);
  });

  it("does not enter what is barred", () => {
    const barred = new Set<number>();
    for (let y = 0; y < 60; y += 1) for (let x = 30; x < 60; x += 1) barred.add(at(x, y, cell));
    const mask = grown(cell, line, barred);
    for (const i of barred) expect(mask.data[i]).toBe(0);
  });

  it("is empty without seeds", () => {
    expect(pixelCount(grown(cell, []))).toBe(0);
    expect(pixelCount(grown(cell, line, new Set(line)))).toBe(0);
  });
});
