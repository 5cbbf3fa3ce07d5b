/** Connected pieces of masks (edges touching), and what is done with them. */
import { emptyMask, type Mask, pixelCount } from "./raster";

export interface Labels {
  readonly width: number;
  readonly height: number;
  /** 0 outside, pieces from 1. */
  readonly data: Int32Array;
  /** Pixels of each label; that of 0 is not counted. */
  readonly areas: readonly number[];
}

/** The neighbours of a pixel that share an edge with it. */
export function forNeighbours(
  index: number,
  width: number,
  size: number,
  visit: (other: number) => void,
): void {
  const column = index % width;
  if (column > 0) visit(index - 1);
  if (column < width - 1) visit(index + 1);
  if (index >= width) visit(index - width);
  if (index + width < size) visit(index + width);
}

/** Every pixel that is reached from the seeds through pixels that are accepted. */
export function reached(
  size: { readonly width: number; readonly height: number },
  seeds: Iterable<number>,
  accepts: (index: number) => boolean,
): Mask {
  const mask = emptyMask(size);
  const { width, data } = mask;
  const stack: number[] = [];
  const visit = (index: number): void => {
    if (data[index] !== 0 || !accepts(index)) return;
    data[index] = 1;
    stack.push(index);
  };
  for (const seed of seeds) visit(seed);
  for (let index = stack.pop(); index !== undefined; index = stack.pop())
    forNeighbours(index, width, data.length, visit);
  return mask;
}

export function labelled({ width, height, data }: Mask): Labels {
  const labels = new Int32Array(data.length);
  const areas = [0];
  const stack: number[] = [];
  for (let start = 0; start < data.length; start += 1) {
    if (data[start] === 0 || labels[start] !== 0) continue;
    const label = areas.length;
    let area = 0;
    const visit = (index: number): void => {
      if (data[index] === 0 || labels[index] !== 0) return;
      labels[index] = label;
      area += 1;
      stack.push(index);
    };
    visit(start);
    for (let index = stack.pop(); index !== undefined; index = stack.pop())
      forNeighbours(index, width, data.length, visit);
    areas.push(area);
  }
  return { width, height, data: labels, areas };
}

export function maskOf({ width, height, data }: Labels, keeps: (label: number) => boolean): Mask {
  const mask = emptyMask({ width, height });
  for (let i = 0; i < data.length; i += 1) {
    const label = data[i] ?? 0;
    mask.data[i] = label > 0 && keeps(label) ? 1 : 0;
  }
  return mask;
}

/** The piece with most pixels; empty where there is none. */
export function largestPiece(mask: Mask): Mask {
  const labels = labelled(mask);
  const most = labels.areas.reduce(
    (best, area, label) => (area > (labels.areas[best] ?? 0) ? label : best),
    0,
  );
  return maskOf(labels, (label) => label === most);
}

/** Labels that have a pixel at the edge of the picture. */
export function labelsAtEdge({ width, height, data }: Labels): Set<number> {
  const found = new Set<number>();
  const add = (index: number): void => {
    const label = data[index] ?? 0;
    if (label > 0) found.add(label);
  };
  for (let x = 0; x < width; x += 1) {
    add(x);
    add((height - 1) * width + x);
  }
  for (let y = 0; y < height; y += 1) {
    add(y * width);
    add(y * width + width - 1);
  }
  return found;
}

export const inverted = ({ width, height, data }: Mask): Mask => ({
  width,
  height,
  data: data.map((value) => 1 - value),
});

/** With enclosed holes of at most so many pixels filled. */
export function filled(mask: Mask, largest = Number.POSITIVE_INFINITY): Mask {
  const background = labelled(inverted(mask));
  const open = labelsAtEdge(background);
  const holes = maskOf(background, (label) => !open.has(label) && (background.areas[label] ?? 0) <= largest);
  return { ...mask, data: mask.data.map((value, i) => value | (holes.data[i] ?? 0)) };
}

/** Holes that noise made go, holes that are part of the shape stay. */
export const withoutPinholes = (mask: Mask): Mask => filled(mask, Math.max(4, pixelCount(mask) / 50));

/** One pixel larger all round. */
export function dilated({ width, height, data }: Mask): Mask {
  const out = data.slice();
  for (let i = 0; i < data.length; i += 1) {
    if (data[i] === 0) continue;
    forNeighbours(i, width, data.length, (other) => {
      out[other] = 1;
    });
  }
  return { width, height, data: out };
}

/** Threads and specks narrower than two pixels a turn go, the rest keeps its size. */
export function opened(mask: Mask, times = 1): Mask {
  let now = mask;
  for (let i = 0; i < times; i += 1) now = inverted(dilated(inverted(now)));
  for (let i = 0; i < times; i += 1) now = dilated(now);
  return { ...now, data: now.data.map((value, i) => value & (mask.data[i] ?? 0)) };
}
