/** From the shown picture to what a network sees, number for number as learning/normalisation.py and OpenCV do it. */
import type { Raster } from "../pixels/raster";

/** Planes one after the other, `count` of them. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly data: Float32Array;
}

/** The values that become 0 and 1. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The shares of the pixels, in percent, whose values become 0 and 1; a model tells its own. */
export interface Percentiles {
  readonly low_percentile: number;
  readonly high_percentile: number;
}

const USUAL: Percentiles = { low_percentile: 1, high_percentile: 99.8 };
/** A picture with less contrast than this holds noise only; it is not stretched further. */
const LEAST_SPAN = 8;
const [LEAST, MOST] = [-0.2, 1.5];

/** How often each value occurs: in all colours together, or in the brightest of the colours that channels were given. */
function histogramOf({ data }: Raster, isRgb: boolean): Float64Array {
  const histogram = new Float64Array(256);
  const count = (value: number): void => {
    histogram[value] = (histogram[value] ?? 0) + 1;
  };
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    if (!isRgb) count(Math.max(r, g, b));
    else for (const value of [r, g, b]) count(value);
  }
  return histogram;
}

/** The percentile of sorted values, with linear interpolation between two of them. */
function percentile(histogram: Float64Array, total: number, percent: number): number {
  const place = ((total - 1) * percent) / 100;
  const ranked = (rank: number): number => {
    let seen = 0;
    for (let value = 0; value < 256; value += 1) {
      seen += histogram[value] ?? 0;
      if (rank < seen) return value;
    }
    return 255;
  };
  const below = Math.floor(place);
  const low = ranked(below);
  return low + (ranked(Math.min(total - 1, below + 1)) - low) * (place - below);
}

export function rangeOf(raster: Raster, isRgb: boolean, percentiles: Percentiles = USUAL): Range {
  const histogram = histogramOf(raster, isRgb);
  const total = histogram.reduce((a, b) => a + b, 0);
  if (total === 0) return { low: 0, high: Number.POSITIVE_INFINITY };
  const low = percentile(histogram, total, percentiles.low_percentile);
  const high = percentile(histogram, total, percentiles.high_percentile);
  return { low, high: low + Math.max(high - low, LEAST_SPAN) };
}

/** Three planes with the range at 0..1, cut at -0.2 and 1.5; what is outside the image is 0. */
export function normalised({ width, height, data }: Raster, isRgb: boolean, { low, high }: Range): Planes {
  const n = width * height;
  const out = new Float32Array(3 * n);
  const span = Math.fround(high - low);
  const table = Float32Array.from({ length: 256 }, (_, value) =>
    Math.min(MOST, Math.max(LEAST, Math.fround(Math.fround(value - low) / span))),
  );
  for (let i = 0, at = 0; i < n; i += 1, at += 4) {
    if (data[at + 3] === 0) continue;
    const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    const brightest = Math.max(r, g, b);
    out[i] = table[isRgb ? r : brightest] ?? 0;
    out[n + i] = table[isRgb ? g : brightest] ?? 0;
    out[2 * n + i] = table[isRgb ? b : brightest] ?? 0;
  }
  return { width, height, count: 3, data: out };
}

/** Which samples make one of the result along an axis, and how much of each. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float32Array[];
}

function areaTaps(from: number, to: number): Taps {
  const scale = from / to;
  const first = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * scale, Math.min(from, (i + 1) * scale)];
    const begin = Math.min(from - 1, Math.floor(start + 1e-9));
    first[i] = begin;
    const count = Math.max(1, Math.ceil(end - 1e-9) - begin);
    const parts = Float32Array.from({ length: count }, (_part, k) =>
      Math.max(0, Math.min(end, begin + k + 1) - Math.max(start, begin + k)),
    );
    const sum = parts.reduce((a, b) => a + b, 0) || 1;
    return parts.map((part) => part / sum);
  });
  return { first, weights };
}

function linearTaps(from: number, to: number): Taps {
  const scale = from / to;
  const first = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    const place = Math.min(from - 1, Math.max(0, (i + 0.5) * scale - 0.5));
    const begin = Math.min(Math.max(0, from - 2), Math.floor(place));
    first[i] = begin;
    const part = place - begin;
    return from === 1 ? Float32Array.of(1) : Float32Array.of(1 - part, part);
  });
  return { first, weights };
}

/** Rows or columns of one plane brought to another number. */
function along(from: Float32Array, lines: number, step: number, across: number, taps: Taps): Float32Array {
  const count = taps.first.length;
  const out = new Float32Array(lines * count);
  for (let line = 0; line < lines; line += 1) {
    for (let i = 0; i < count; i += 1) {
      const weights = taps.weights[i] ?? [];
      let at = line * across + (taps.first[i] ?? 0) * step;
      let sum = 0;
      for (let k = 0; k < weights.length; k += 1, at += step) sum += (weights[k] as number) * (from[at] ?? 0);
      out[line * count + i] = sum;
    }
  }
  return out;
}

/** The picture in another size: the mean of what a pixel covers where it shrinks, linear where it grows. */
export function resized(planes: Planes, width: number, height: number): Planes {
  if (width === planes.width && height === planes.height) return planes;
  const taps = width < planes.width || height < planes.height ? areaTaps : linearTaps;
  const [columns, rows] = [taps(planes.width, width), taps(planes.height, height)];
  const data = new Float32Array(planes.count * width * height);
  const size = planes.width * planes.height;
  for (let c = 0; c < planes.count; c += 1) {
    const plane = planes.data.subarray(c * size, (c + 1) * size);
    const wide = along(plane, planes.height, 1, planes.width, columns);
    // `wide` has rows of the new width: its columns are the lines now, and come out one after the other
    const turned = along(wide, width, width, 1, rows);
    for (let x = 0; x < width; x += 1)
      for (let y = 0; y < height; y += 1)
        data[c * width * height + y * width + x] = turned[x * height + y] ?? 0;
  }
  return { width, height, count: planes.count, data };
}

/** The index that a mirror at both ends (the end itself not repeated) shows at `i`. */
function mirroredIndex(i: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const place = i % period;
  return place < count ? place : period - place;
}

export const fitting = (side: number, stride: number, smallest: number): number =>
  Math.max(smallest, Math.ceil(side / stride) * stride);

/** Continued to the right and below by its mirror image. */
export function padded(planes: Planes, width: number, height: number): Planes {
  if (width === planes.width && height === planes.height) return planes;
  const data = new Float32Array(planes.count * width * height);
  for (let c = 0; c < planes.count; c += 1) {
    for (let y = 0; y < height; y += 1) {
      const from = (c * planes.height + mirroredIndex(y, planes.height)) * planes.width;
      const to = (c * height + y) * width;
      for (let x = 0; x < width; x += 1)
        data[to + x] = planes.data[from + mirroredIndex(x, planes.width)] ?? 0;
    }
  }
  return { width, height, count: planes.count, data };
}

/** The part at the top left. */
export function cropped({ count, data, ...size }: Planes, width: number, height: number): Planes {
  const out = new Float32Array(count * width * height);
  for (let c = 0; c < count; c += 1) {
    for (let y = 0; y < height; y += 1) {
      const from = (c * size.height + y) * size.width;
      out.set(data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  return { width, height, count, data: out };
}

/** One plane, the mean of all. */
export function gray({ width, height, count, data }: Planes): Planes {
  const n = width * height;
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let c = 0; c < count; c += 1) sum += data[c * n + i] ?? 0;
    out[i] = sum / count;
  }
  return { width, height, count: 1, data: out };
}
