/** One number a pixel: the direction of colour with most contrast, smoothing, gradients. */
import type { Plane, Raster } from "./raster";

interface Colours {
  readonly mean: readonly [number, number, number];
  /** The upper triangle: rr, rg, rb, gg, gb, bb. */
  readonly covariance: readonly [number, number, number, number, number, number];
}

function coloursOf({ data }: Raster): Colours {
  const s = new Float64Array(9);
  let n = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    const terms = [r, g, b, r * r, r * g, r * b, g * g, g * b, b * b];
    for (let i = 0; i < 9; i += 1) s[i] = (s[i] ?? 0) + (terms[i] ?? 0);
    n += 1;
  }
  const [r = 0, g = 0, b = 0, rr = 0, rg = 0, rb = 0, gg = 0, gb = 0, bb = 0] = s.map((v) => v / (n || 1));
  return {
    mean: [r, g, b],
    covariance: [rr - r * r, rg - r * g, rb - r * b, gg - g * g, gb - g * b, bb - b * b],
  };
}

/** The first principal axis, by power iteration, turned so that brighter is larger. */
function axisOf({ covariance: [rr, rg, rb, gg, gb, bb] }: Colours): [number, number, number] {
  let [x, y, z] = [1, 1, 1];
  for (let i = 0; i < 24; i += 1) {
    const next = [rr * x + rg * y + rb * z, rg * x + gg * y + gb * z, rb * x + gb * y + bb * z] as const;
    const length = Math.hypot(...next);
    if (length < 1e-9) break;
    [x, y, z] = [next[0] / length, next[1] / length, next[2] / length];
  }
  const sign = x + y + z < 0 ? -1 : 1;
  const length = Math.hypot(x, y, z) || 1;
  return [(sign * x) / length, (sign * y) / length, (sign * z) / length];
}

/** The picture along the colour axis with the largest variance; what is outside the image has the mean. */
export function contrastPlane(raster: Raster): Plane {
  const { width, height, data } = raster;
  const colours = coloursOf(raster);
  const [ax, ay, az] = axisOf(colours);
  const [mr, mg, mb] = colours.mean;
  const out = new Float32Array(width * height);
  for (let i = 0, at = 0; i < out.length; i += 1, at += 4) {
    const isOutside = data[at + 3] === 0;
    const r = isOutside ? mr : (data[at] ?? 0);
    const g = isOutside ? mg : (data[at + 1] ?? 0);
    const b = isOutside ? mb : (data[at + 2] ?? 0);
    out[i] = r * ax + g * ay + b * az;
  }
  return { width, height, data: out };
}

function kernelOf(sigma: number): Float32Array {
  const radius = Math.max(1, Math.ceil(sigma * 3));
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((value) => value / sum);
}

/** One pass along rows (`along` 1) or columns (`along` the width); the edge is repeated. */
function pass(
  from: Float32Array,
  count: number,
  lines: number,
  along: number,
  across: number,
  k: Float32Array,
) {
  const out = new Float32Array(from.length);
  const radius = (k.length - 1) / 2;
  for (let line = 0; line < lines; line += 1) {
    for (let i = 0; i < count; i += 1) {
      let sum = 0;
      for (let j = -radius; j <= radius; j += 1) {
        const at = Math.min(count - 1, Math.max(0, i + j));
        sum += (k[j + radius] ?? 0) * (from[line * across + at * along] ?? 0);
      }
      out[line * across + i * along] = sum;
    }
  }
  return out;
}

export function blurred({ width, height, data }: Plane, sigma: number): Plane {
  if (sigma <= 0) return { width, height, data };
  const kernel = kernelOf(sigma);
  const rows = pass(data, width, height, 1, width, kernel);
  return { width, height, data: pass(rows, height, width, width, 1, kernel) };
}

/** How much the value changes a pixel, from central differences. */
export function gradientOf({ width, height, data }: Plane): Plane {
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y += 1) {
    const up = Math.max(0, y - 1) * width;
    const down = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x += 1) {
      const left = data[y * width + Math.max(0, x - 1)] ?? 0;
      const right = data[y * width + Math.min(width - 1, x + 1)] ?? 0;
      out[y * width + x] = Math.hypot(right - left, (data[down + x] ?? 0) - (data[up + x] ?? 0)) / 2;
    }
  }
  return { width, height, data: out };
}

/** Between the four nearest pixel centres; the edge is repeated. */
export function valueAt({ width, height, data }: Plane, x: number, y: number): number {
  const u = Math.min(width - 1, Math.max(0, x - 0.5));
  const v = Math.min(height - 1, Math.max(0, y - 0.5));
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const [i1, j1] = [Math.min(width - 1, i + 1), Math.min(height - 1, j + 1)];
  const [a, b] = [u - i, v - j];
  const top = (data[j * width + i] ?? 0) * (1 - a) + (data[j * width + i1] ?? 0) * a;
  const bottom = (data[j1 * width + i] ?? 0) * (1 - a) + (data[j1 * width + i1] ?? 0) * a;
  return top * (1 - b) + bottom * b;
}
