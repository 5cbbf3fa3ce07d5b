/** Superpixels: patches of like colour and about equal size (SLIC, Achanta et al. 2012). */
import type { Polygon } from "../geometry/types";
import { forNeighbours } from "./components";
import { maskPolygons } from "./outlines";
import { emptyMask, type Raster, toImagePolygons } from "./raster";

export interface Superpixels {
  readonly width: number;
  readonly height: number;
  /** From 0; -1 outside the image. */
  readonly labels: Int32Array;
  readonly count: number;
  /** Left, top, right and bottom pixel of each. */
  readonly boxes: Int32Array;
}

const ROUNDS = 5;
/** How much a distance of one patch weighs against a difference in colour (CIELAB). */
const COMPACTNESS = 10;

const linear = Float32Array.from({ length: 256 }, (_, value) => {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});

const bent = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);

/** CIELAB (D65), three planes one after the other. */
function labOf({ width, height, data }: Raster): Float32Array {
  const n = width * height;
  const out = new Float32Array(3 * n);
  for (let i = 0, at = 0; i < n; i += 1, at += 4) {
    const r = linear[data[at] ?? 0] ?? 0;
    const g = linear[data[at + 1] ?? 0] ?? 0;
    const b = linear[data[at + 2] ?? 0] ?? 0;
    const x = bent((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = bent(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = bent((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    out[i] = 116 * y - 16;
    out[n + i] = 500 * (x - y);
    out[2 * n + i] = 200 * (y - z);
  }
  return out;
}

/** Five numbers a patch: L, a, b, x, y. */
type Centres = Float32Array;

function firstCentres(lab: Float32Array, width: number, height: number, side: number): Centres {
  const n = width * height;
  const columns = Math.max(1, Math.round(width / side));
  const rows = Math.max(1, Math.round(height / side));
  const centres = new Float32Array(columns * rows * 5);
  for (let k = 0; k < columns * rows; k += 1) {
    const x = Math.floor((((k % columns) + 0.5) * width) / columns);
    const y = Math.floor(((Math.floor(k / columns) + 0.5) * height) / rows);
    const i = y * width + x;
    centres.set([lab[i] ?? 0, lab[n + i] ?? 0, lab[2 * n + i] ?? 0, x, y], k * 5);
  }
  return centres;
}

function assigned(
  lab: Float32Array,
  centres: Centres,
  width: number,
  height: number,
  side: number,
): Int32Array {
  const n = width * height;
  const labels = new Int32Array(n).fill(-1);
  const nearest = new Float32Array(n).fill(Number.POSITIVE_INFINITY);
  const weight = (COMPACTNESS / side) ** 2;
  for (let k = 0; k * 5 < centres.length; k += 1) {
    const [l = 0, a = 0, b = 0, cx = 0, cy = 0] = centres.subarray(k * 5, k * 5 + 5);
    const [x0, x1] = [Math.max(0, Math.floor(cx - side)), Math.min(width - 1, Math.ceil(cx + side))];
    const [y0, y1] = [Math.max(0, Math.floor(cy - side)), Math.min(height - 1, Math.ceil(cy + side))];
    for (let y = y0; y <= y1; y += 1) {
      for (let x = x0, i = y * width + x0; x <= x1; x += 1, i += 1) {
        const dl = (lab[i] as number) - l;
        const da = (lab[n + i] as number) - a;
        const db = (lab[2 * n + i] as number) - b;
        const d = dl * dl + da * da + db * db + weight * ((x - cx) * (x - cx) + (y - cy) * (y - cy));
        if (d < (nearest[i] as number)) {
          nearest[i] = d;
          labels[i] = k;
        }
      }
    }
  }
  return labels;
}

function movedCentres(lab: Float32Array, labels: Int32Array, before: Centres, width: number): Centres {
  const n = labels.length;
  const sums = new Float64Array(before.length);
  const counts = new Float64Array(before.length / 5);
  for (let i = 0; i < n; i += 1) {
    const k = labels[i] ?? -1;
    if (k < 0) continue;
    const at = k * 5;
    sums[at] = (sums[at] as number) + (lab[i] as number);
    sums[at + 1] = (sums[at + 1] as number) + (lab[n + i] as number);
    sums[at + 2] = (sums[at + 2] as number) + (lab[2 * n + i] as number);
    sums[at + 3] = (sums[at + 3] as number) + (i % width);
    sums[at + 4] = (sums[at + 4] as number) + Math.floor(i / width);
    counts[k] = (counts[k] as number) + 1;
  }
  return before.map((value, at) => {
    const count = counts[Math.floor(at / 5)] ?? 0;
    return count > 0 ? (sums[at] ?? 0) / count : value;
  });
}

interface Piece {
  readonly pixels: readonly number[];
  /** Mean L, a, b. */
  readonly colour: readonly [number, number, number];
}

/** All pixels that are reached from the first one through its patch, and their mean colour. */
function pieceAt(
  start: number,
  labels: Int32Array,
  raster: Raster,
  lab: Float32Array,
  out: Int32Array,
  number: number,
): Piece {
  const { width, data } = raster;
  const pixels = [start];
  out[start] = number;
  for (let next = 0; next < pixels.length; next += 1) {
    forNeighbours(pixels[next] ?? 0, width, labels.length, (other) => {
      if (out[other] !== -1 || labels[other] !== labels[start] || data[other * 4 + 3] === 0) return;
      out[other] = number;
      pixels.push(other);
    });
  }
  const mean = (plane: number): number =>
    pixels.reduce((sum, i) => sum + (lab[plane * labels.length + i] ?? 0), 0) / pixels.length;
  return { pixels, colour: [mean(0), mean(1), mean(2)] };
}

/** The neighbour with the most similar colour; the piece itself where it has none. */
function likest(number: number, pieces: readonly Piece[], out: Int32Array, width: number): number {
  const own = pieces[number];
  let [best, least] = [number, Number.POSITIVE_INFINITY];
  for (const index of own?.pixels ?? []) {
    forNeighbours(index, width, out.length, (other) => {
      const found = out[other] ?? -1;
      const colour = pieces[found]?.colour;
      if (found < 0 || found === number || found === best || !own || !colour) return;
      const distance = Math.hypot(...colour.map((value, c) => value - (own.colour[c] ?? 0)));
      if (distance < least) [best, least] = [found, distance];
    });
  }
  return best;
}

/** Every patch one piece: what is cut off and small joins the neighbour that it resembles most. */
function connected(labels: Int32Array, raster: Raster, lab: Float32Array, least: number): Superpixels {
  const { width, data } = raster;
  const out = new Int32Array(labels.length).fill(-1);
  const pieces: Piece[] = [];
  for (let start = 0; start < labels.length; start += 1) {
    if (out[start] !== -1 || data[start * 4 + 3] === 0) continue;
    pieces.push(pieceAt(start, labels, raster, lab, out, pieces.length));
  }
  const sizes = pieces.map(({ pixels }) => pixels.length);
  const into = pieces.map((_, number) =>
    (sizes[number] ?? 0) < least ? likest(number, pieces, out, width) : number,
  );
  return renumbered(out, raster, pieces.length, rootsOf(into, sizes));
}

/** Follows small pieces that joined small pieces to where they end; two that joined each other stay together. */
function rootsOf(into: readonly number[], sizes: readonly number[]): number[] {
  return into.map((_, number) => {
    const seen = [number];
    let at = number;
    while (into[at] !== at && !seen.includes(into[at] ?? at)) {
      at = into[at] ?? at;
      seen.push(at);
    }
    if (into[at] === at) return at;
    const loop = seen.slice(seen.indexOf(into[at] ?? at));
    const rank = (one: number): number => (sizes[one] ?? 0) - one / sizes.length;
    return loop.reduce((best, one) => (rank(one) > rank(best) ? one : best));
  });
}

function renumbered(
  out: Int32Array,
  { width, height }: Raster,
  pieces: number,
  roots: readonly number[],
): Superpixels {
  const numbers = new Int32Array(pieces).fill(-1);
  let count = 0;
  const labels = out.map((piece) => {
    const root = roots[piece] ?? -1;
    if (root < 0) return -1;
    if (numbers[root] === -1) {
      numbers[root] = count;
      count += 1;
    }
    return numbers[root] ?? -1;
  });
  return { width, height, labels, count, boxes: boxesOf(labels, width, count) };
}

/** Patches of about `side` pixels a side. */
export function superpixels(raster: Raster, side: number): Superpixels {
  const { width, height } = raster;
  const size = Math.max(2, side);
  const lab = labOf(raster);
  let centres = firstCentres(lab, width, height, size);
  let labels = assigned(lab, centres, width, height, size);
  for (let round = 1; round < ROUNDS; round += 1) {
    centres = movedCentres(lab, labels, centres, width);
    labels = assigned(lab, centres, width, height, size);
  }
  return connected(labels, raster, lab, (size * size) / 4);
}

/** Where each patch lies, for drawing one of many: left, top, right and bottom of each. */
function boxesOf(labels: Int32Array, width: number, count: number): Int32Array {
  const boxes = new Int32Array(count * 4);
  for (let k = 0; k < count; k += 1) boxes.set([width, labels.length, -1, -1], k * 4);
  for (let i = 0; i < labels.length; i += 1) {
    const at = (labels[i] ?? -1) * 4;
    if (at < 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x < (boxes[at] ?? 0)) boxes[at] = x;
    if (y < (boxes[at + 1] ?? 0)) boxes[at + 1] = y;
    if (x > (boxes[at + 2] ?? 0)) boxes[at + 2] = x;
    if (y > (boxes[at + 3] ?? 0)) boxes[at + 3] = y;
  }
  return boxes;
}

/** The outline of one patch along its pixels. */
export function superpixelPolygons({ width, labels, boxes }: Superpixels, label: number): Polygon[] {
  const [left = 0, top = 0, right = -1, bottom = -1] = boxes.subarray(label * 4, label * 4 + 4);
  const mask = emptyMask({ width: Math.max(0, right - left + 1), height: Math.max(0, bottom - top + 1) });
  for (let i = 0; i < mask.data.length; i += 1) {
    const [x, y] = [left + (i % mask.width), top + Math.floor(i / mask.width)];
    mask.data[i] = labels[y * width + x] === label ? 1 : 0;
  }
  return toImagePolygons(maskPolygons(mask), { x: left, y: top, step: 1 });
}
