import { describe, expect, it, vi } from "vitest";
import { countsAt, painted, parseRaster } from "./classRaster";
import { DEFAULT_RULES } from "./styles";
import { type TileContent, TileContents } from "./tileContents";

function encoded(planes: { term: number; predicted: boolean; levels: number[] }[]): ArrayBuffer {
  const side = Math.sqrt(planes[0]?.levels.length ?? 0);
  const header = new TextEncoder().encode(
    JSON.stringify({ side, planes: planes.map(({ term, predicted }) => ({ term, predicted })) }),
  );
  const out = new Uint8Array(4 + header.length + planes.length * side ** 2);
  new DataView(out.buffer).setUint32(0, header.length, true);
  out.set(header, 4);
  planes.forEach(({ levels }, index) => {
    out.set(levels, 4 + header.length + index * side ** 2);
  });
  return out.buffer;
}

const RASTER = parseRaster(
  encoded([
    { term: 1, predicted: false, levels: [8, 0, 24, 0] },
    { term: 2, predicted: true, levels: [16, 0, 8, 0] },
  ]),
);
const RULES = {
  ...DEFAULT_RULES,
  colors: new Map([
    [1, "#ff0000"],
    [2, "#0000ff"],
  ]),
};
const pixel = (pixels: Uint8ClampedArray, index: number) => [...pixels.slice(index * 4, index * 4 + 3)];

describe("a raster of classes", () => {
  it("shows the class that most objects of a square have, and nothing where there are none", () => {
    const pixels = painted(RASTER, RULES);
    expect(pixel(pixels, 0)).toEqual([0, 0, 255]);
    expect(pixel(pixels, 2)).toEqual([255, 0, 0]);
    expect(pixels[4 + 3]).toBe(0);
    expect(pixels[2 * 4 + 3]).toBeGreaterThan(pixels[3] ?? 0);
  });

  it("is recoloured, and a hidden class gives way to what lies below it", () => {
    const green = { ...RULES, colors: new Map([[1, "#00ff00"]]), hiddenTerms: new Set([2]) };
    expect(pixel(painted(RASTER, green), 0)).toEqual([0, 255, 0]);
    const mine = painted(RASTER, { ...RULES, showsPredictions: false });
    expect(pixel(mine, 0)).toEqual([255, 0, 0]);
    expect(painted(RASTER, { ...RULES, hiddenTerms: new Set([1, 2]) }).every((value) => value === 0)).toBe(
      true,
    );
  });

  it("tells how many objects a square holds", () => {
    expect(countsAt(RASTER, RULES, [0, 0])).toEqual([
      [2, 3],
      [1, 1],
    ]);
    expect(countsAt(RASTER, RULES, [1, 0])).toEqual([]);
  });
});

describe("TileContents", () => {
  const content: TileContent = { kind: "raster", raster: RASTER };

  it("asks once for all who draw a tile, and again after an error", async () => {
    const load = vi
      .fn<() => Promise<TileContent>>()
      .mockRejectedValueOnce(new Error("no"))
      .mockResolvedValue(content);
    const contents = new TileContents(load);
    await expect(contents.get("a")).rejects.toThrow("no");
    expect(await Promise.all([contents.get("a"), contents.get("a")])).toEqual([content, content]);
    expect(load).toHaveBeenCalledTimes(2);
    expect(contents.rasterOf("a")).toBe(RASTER);
    expect(contents.rasterOf("b")).toBeNull();
  });

  it("forgets those that nobody asked for longest", async () => {
    const load = vi.fn(async () => content);
    const contents = new TileContents(load);
    for (let i = 0; i < 200; i += 1) await contents.get(`tile ${i}`);
    await contents.get("tile 199");
    expect(load).toHaveBeenCalledTimes(200);
    await contents.get("tile 0");
    expect(load).toHaveBeenCalledTimes(201);
  });
});
