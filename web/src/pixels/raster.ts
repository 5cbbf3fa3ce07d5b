/** Pictures and masks as plain arrays, and where they lie in the image. */
import type { Box, Point, Polygon } from "../geometry/types";

/** Row by row, four bytes a pixel; alpha 0 is outside the image. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Row by row, 1 inside and 0 outside. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One number a pixel, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A part of the shown picture: pixel (i, j) begins at (x + i * step, y + j * step) of the image. */
export interface Crop {
  readonly raster: Raster;
  readonly x: number;
  readonly y: number;
  /** Image pixels a pixel of the raster. */
  readonly step: number;
  /** False where the colours are those of channels, not of the object. */
  readonly isRgb: boolean;
}

export const emptyMask = ({ width, height }: { width: number; height: number }): Mask => ({
  width,
  height,
  data: new Uint8Array(width * height),
});

export function pixelCount({ data }: Mask): number {
  let count = 0;
  for (const value of data) count += value;
  return count;
}

/** The pixel that holds a place of the image; null outside the crop. */
export function pixelAt({ raster, x, y, step }: Crop, [px, py]: Point): number | null {
  const column = Math.floor((px - x) / step);
  const row = Math.floor((py - y) / step);
  const isInside = column >= 0 && row >= 0 && column < raster.width && row < raster.height;
  return isInside ? row * raster.width + column : null;
}

export const pointInCrop = ({ x, y, step }: Crop, [px, py]: Point): Point => [
  (px - x) / step,
  (py - y) / step,
];

/** Outlines in pixels of the crop, brought to the image. */
export function toImagePolygons(
  polygons: readonly Polygon[],
  { x, y, step }: Pick<Crop, "x" | "y" | "step">,
): Polygon[] {
  return polygons.map((rings) =>
    rings.map((ring) => ring.map(([px, py]): Point => [x + px * step, y + py * step])),
  );
}

export const toCropPolygons = (polygons: readonly Polygon[], crop: Crop): Polygon[] =>
  polygons.map((rings) => rings.map((ring) => ring.map((point) => pointInCrop(crop, point))));

/** A part of a crop, cut to whole pixels; null where nothing of it is there. */
export function cutCrop(crop: Crop, box: Box): Crop | null {
  const { raster, step } = crop;
  const left = Math.max(0, Math.floor((box[0] - crop.x) / step));
  const top = Math.max(0, Math.floor((box[1] - crop.y) / step));
  const right = Math.min(raster.width, Math.ceil((box[2] - crop.x) / step));
  const bottom = Math.min(raster.height, Math.ceil((box[3] - crop.y) / step));
  if (right <= left || bottom <= top) return null;
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * raster.width + left) * 4;
    data.set(raster.data.subarray(from, from + width * 4), row * width * 4);
  }
  return { ...crop, raster: { width, height, data }, x: crop.x + left * step, y: crop.y + top * step };
}

/** How far two pixels are apart in the colour that differs most, 0..255. */
export function colourDistance(data: Uint8ClampedArray, index: number, [r, g, b]: Colour): number {
  const at = index * 4;
  return Math.max(
    Math.abs((data[at] ?? 0) - r),
    Math.abs((data[at + 1] ?? 0) - g),
    Math.abs((data[at + 2] ?? 0) - b),
  );
}

export type Colour = readonly [r: number, g: number, b: number];

/** The mean colour of the pixels around one, so that noise at the pressed pixel does not count. */
export function colourAround({ width, height, data }: Raster, index: number, radius = 1): Colour {
  const [column, row] = [index % width, Math.floor(index / width)];
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.max(0, row - radius); y <= Math.min(height - 1, row + radius); y += 1) {
    for (let x = Math.max(0, column - radius); x <= Math.min(width - 1, column + radius); x += 1) {
      const at = (y * width + x) * 4;
      if (data[at + 3] === 0) continue;
      for (let c = 0; c < 3; c += 1) sum[c] = (sum[c] ?? 0) + (data[at + c] ?? 0);
      count += 1;
    }
  }
  const n = Math.max(1, count);
  return [(sum[0] ?? 0) / n, (sum[1] ?? 0) / n, (sum[2] ?? 0) / n];
}

/** The part of a mask that holds all of it; null of an empty one. */
export function trimmed(mask: Mask): { readonly mask: Mask; readonly x: number; readonly y: number } | null {
  const { width, height, data } = mask;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    const first = data.subarray(y * width, (y + 1) * width).indexOf(1);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, data.subarray(y * width, (y + 1) * width).lastIndexOf(1));
    top = Math.min(top, y);
    bottom = y;
  }
  if (bottom < 0) return null;
  const [w, h] = [right - left + 1, bottom - top + 1];
  const out = new Uint8Array(w * h);
  for (let y = 0; y < h; y += 1) {
    const from = (top + y) * width + left;
    out.set(data.subarray(from, from + w), y * w);
  }
  return { mask: { width: w, height: h, data: out }, x: left, y: top };
}
