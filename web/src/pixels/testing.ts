/** Small pictures for the tests, drawn by a function of the pixel centre. */
import type { Colour, Mask, Raster } from "./raster";

export function picture(
  width: number,
  height: number,
  colour: (x: number, y: number) => Colour | number,
): Raster {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i += 1) {
    const value = colour((i % width) + 0.5, Math.floor(i / width) + 0.5);
    const [r, g, b] = typeof value === "number" ? [value, value, value] : value;
    data.set([r, g, b, 255], i * 4);
  }
  return { width, height, data };
}

export function maskFrom(...rows: string[]): Mask {
  const width = rows[0]?.length ?? 0;
  const data = Uint8Array.from(rows.join(""), (sign) => (sign === "#" ? 1 : 0));
  return { width, height: rows.length, data };
}

/** Repeatable noise, about normal with a deviation of one. */
export function noise(seed = 1): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

export const disc =
  (cx: number, cy: number, r: number) =>
  (x: number, y: number): boolean =>
    Math.hypot(x - cx, y - cy) <= r;
