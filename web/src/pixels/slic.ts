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

/** Every patch one piece: what is cut off and small joins the neighbour that was numbered before it. */
function connected(labels: Int32Array, raster: Raster, least: number): Superpixels {
  const { width, height, data } = raster;
  const out = new Int32Array(labels.length).fill(-1);
  let count = 0;
  for (let start = 0; start < labels.length; start += 1) {
    if (out[start] !== -1 || data[start * 4 + 3] === 0) continue;
    let neighbour = -1;
    const piece = [start];
    out[start] = count;
    for (let next = 0; next < piece.length; next += 1) {
      forNeighbours(piece[next] ?? 0, width, labels.length, (other) => {
        const known = out[other] ?? -1;
        if (known >= 0 && known !== count) neighbour = known;
        if (known !== -1 || labels[other] !== labels[start] || data[other * 4 + 3] === 0) return;
        out[other] = count;
        piece.push(other);
      });
    }
    if (piece.length < least && neighbour >= 0) for (const i of piece) out[i] = neighbour;
    else count += 1;
  }
  return { width, height, labels: out, count, boxes: boxesOf(out, width, count) };
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
  return connected(labels, raster, (size * size) / 4);
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
