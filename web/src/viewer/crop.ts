/** The shown picture as pixels: what the user sees, at the shown contrast, without objects, the view's turn undone. */
import type OlMap from "ol/Map";
import type { Image } from "../api/types";
import type { Box, Point } from "../geometry/types";
import type { Crop, Raster } from "../pixels/raster";
import type { Tone } from "./picture";
import { sizeOf, toMap } from "./space";

/** x' = a x + c y + e, y' = b x + d y + f. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

export const applied = ([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point => [
  a * x + c * y + e,
  b * x + d * y + f,
];

/** First `inner`, then `outer`. */
export function composed(outer: Matrix, inner: Matrix): Matrix {
  const [e, f] = applied(outer, [inner[4], inner[5]]);
  const [a, b] = [outer[0] * inner[0] + outer[2] * inner[1], outer[1] * inner[0] + outer[3] * inner[1]];
  const [c, d] = [outer[0] * inner[2] + outer[2] * inner[3], outer[1] * inner[2] + outer[3] * inner[3]];
  return [a, b, c, d, e, f];
}

export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const determinant = a * d - b * c || 1;
  const [ia, ib, ic, id] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [ia, ib, ic, id, -(ia * e + ic * f), -(ib * e + id * f)];
}

/** Between 2 and 3 million pixels a crop would take seconds to work on. */
const MOST_PIXELS = 2_000_000;

/** Where a crop of a box lies: image pixels where the screen shows them all, else pixels of the screen. */
export function gridOf(
  box: Box,
  resolution: number,
): Pick<Crop, "x" | "y" | "step"> & { width: number; height: number } {
  const area = (box[2] - box[0]) * (box[3] - box[1]);
  const step = Math.max(1, resolution, Math.sqrt(area / MOST_PIXELS));
  // whole image pixels, so that masks of them have their sides
  const [x, y] = step === 1 ? [Math.floor(box[0]), Math.floor(box[1])] : [box[0], box[1]];
  const [right, bottom] = step === 1 ? [Math.ceil(box[2]), Math.ceil(box[3])] : [box[2], box[3]];
  return {
    x,
    y,
    step,
    width: Math.max(0, Math.floor((right - x) / step + 1e-6)),
    height: Math.max(0, Math.floor((bottom - y) / step + 1e-6)),
  };
}

/** A raster seen through a matrix, which leads from the new pixels to the old; between the four nearest centres. */
export function sampled(from: Raster, matrix: Matrix, width: number, height: number): Raster {
  const data = new Uint8ClampedArray(width * height * 4);
  const [a, b, c, d, e, f] = matrix;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [x, y] = [column + 0.5, row + 0.5];
      blend(from, a * x + c * y + e - 0.5, b * x + d * y + f - 0.5, data, (row * width + column) * 4);
    }
  }
  return { width, height, data };
}

function blend(
  { width, height, data }: Raster,
  u: number,
  v: number,
  out: Uint8ClampedArray,
  to: number,
): void {
  const [i, j] = [Math.round(u), Math.round(v)];
  if (i < 0 || j < 0 || i >= width || j >= height || (data[(j * width + i) * 4 + 3] as number) < 255) return;
  const [x0, y0] = [Math.floor(u), Math.floor(v)];
  const [p, q] = [u - x0, v - y0];
  const left = Math.min(width - 1, Math.max(0, x0));
  const right = Math.min(width - 1, x0 + 1);
  const top = Math.min(height - 1, Math.max(0, y0)) * width;
  const bottom = Math.min(height - 1, y0 + 1) * width;
  const corners = [top + left, top + right, bottom + left, bottom + right] as const;
  const weights = [(1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q] as const;
  let [r, g, b, all] = [0, 0, 0, 0];
  for (let k = 0; k < 4; k += 1) {
    const at = (corners[k] as number) * 4;
    if ((data[at + 3] as number) < 255) continue; // beside the image
    const weight = weights[k] as number;
    r += weight * (data[at] as number);
    g += weight * (data[at + 1] as number);
    b += weight * (data[at + 2] as number);
    all += weight;
  }
  if (all <= 0) return;
  out[to] = r / all;
  out[to + 1] = g / all;
  out[to + 2] = b / all;
  out[to + 3] = 255;
}

/** With brightness and contrast as the browser's filters of these names apply them. */
export function toned({ width, height, data }: Raster, { brightness, contrast }: Tone): Raster {
  if (brightness === 1 && contrast === 1) return { width, height, data };
  const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const bright = Math.min(255, value * brightness);
    return (bright - 127.5) * contrast + 127.5;
  });
  const out = data.slice();
  for (let at = 0; at < out.length; at += 4)
    for (let c = at; c < at + 3; c += 1) out[c] = table[out[c] as number] as number;
  return { width, height, data: out };
}

/** The matrix in a CSS transform; the identity where there is none. */
export function matrixOf(transform: string): Matrix {
  const numbers = /matrix\(([^)]+)\)/.exec(transform)?.[1]?.split(",").map(Number) ?? [];
  const [a, b, c, d, e, f] = numbers;
  const isWhole = numbers.length === 6 && numbers.every(Number.isFinite);
  return isWhole ? [a ?? 1, b ?? 0, c ?? 0, d ?? 1, e ?? 0, f ?? 0] : IDENTITY;
}

function pixelsOf(canvas: HTMLCanvasElement): Raster | null {
  const { width, height } = canvas;
  if (width === 0 || height === 0) return null;
  const copy = document.createElement("canvas");
  copy.width = width;
  copy.height = height;
  const context = copy.getContext("2d", { willReadFrequently: true });
  context?.drawImage(canvas, 0, 0);
  return context?.getImageData(0, 0, width, height) ?? null;
}

/** From image pixels to pixels of the view, as of the last frame. */
function viewMatrix(map: OlMap): Matrix | null {
  const [origin, right, below] = [
    [0, 0],
    [1, 0],
    [0, 1],
  ].map(([x = 0, y = 0]) => map.getPixelFromCoordinate(toMap([x, y])));
  if (!origin || !right || !below) return null;
  const [e = 0, f = 0] = origin;
  return [(right[0] ?? 0) - e, (right[1] ?? 0) - f, (below[0] ?? 0) - e, (below[1] ?? 0) - f, e, f];
}

export interface Shot {
  readonly map: OlMap;
  readonly image: Image;
  readonly canvas: HTMLCanvasElement | null;
  readonly tone: Tone;
}

/** The part of a box that is in sight; null where nothing of it is. It is read from the screen: no request is made. */
export function cropOf({ map, image, canvas, tone }: Shot, box: Box): Crop | null {
  const view = viewMatrix(map);
  const shown = canvas && pixelsOf(canvas);
  if (!canvas || !view || !shown) return null;
  const { width, height } = sizeOf(image);
  const inside: Box = [
    Math.max(0, box[0]),
    Math.max(0, box[1]),
    Math.min(width, box[2]),
    Math.min(height, box[3]),
  ];
  const grid = gridOf(inside, Math.hypot(...inverse(view).slice(0, 2)));
  if (grid.width <= 0 || grid.height <= 0) return null;
  const toImage: Matrix = [grid.step, 0, 0, grid.step, grid.x, grid.y];
  const toCanvas = composed(inverse(matrixOf(canvas.style.transform)), composed(view, toImage));
  const raster = toned(sampled(shown, toCanvas, grid.width, grid.height), tone);
  return { raster, x: grid.x, y: grid.y, step: grid.step, isRgb: image.rgb };
}
