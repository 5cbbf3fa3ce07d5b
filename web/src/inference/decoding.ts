/** From maps to objects: seeds where the distance is high, a watershed from them (as learning/decoding/watershed.py). */
import { forNeighbours, type Labels, labelled, maskOf } from "../pixels/components";
import { emptyMask, type Mask } from "../pixels/raster";
import type { Maps } from "./maps";

/** Seeds with fewer pixels are noise. */
const SMALLEST_SEED_PX = 2;

/** Indices by value, smallest first, and by age where the values are the same. */
export class Front {
  private readonly heap: [value: number, age: number, index: number][] = [];
  private age = 0;

  get isEmpty(): boolean {
    return this.heap.length === 0;
  }

  push(value: number, index: number): void {
    const { heap } = this;
    this.age += 1;
    heap.push([value, this.age, index]);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.isBefore(i, parent)) break;
      this.swap(i, parent);
      i = parent;
    }
  }

  pop(): number {
    const { heap } = this;
    const top = heap[0]?.[2] ?? -1;
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && this.isBefore(child, least)) least = child;
      if (least === i) return top;
      this.swap(i, least);
      i = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (!x || !y) return false;
    return x[0] < y[0] || (x[0] === y[0] && x[1] < y[1]);
  }

  private swap(a: number, b: number): void {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (!x || !y) return;
    this.heap[a] = y;
    this.heap[b] = x;
  }
}

/** Seeds grow inside the mask, the lowest values first, until they meet (Vincent and Soille 1991). */
export function watershed(values: ArrayLike<number>, seeds: Int32Array, mask: Mask): Int32Array {
  const labels = seeds.slice();
  const front = new Front();
  for (let i = 0; i < labels.length; i += 1) if ((labels[i] ?? 0) > 0) front.push(values[i] ?? 0, i);
  while (!front.isEmpty) {
    const index = front.pop();
    forNeighbours(index, mask.width, labels.length, (other) => {
      if (labels[other] !== 0 || mask.data[other] === 0) return;
      labels[other] = labels[index] ?? 0;
      front.push(values[other] ?? 0, other);
    });
  }
  return labels;
}

function above({ width, height }: Maps, values: Float32Array, limit: number): Mask {
  const mask = emptyMask({ width, height });
  for (let i = 0; i < values.length; i += 1) mask.data[i] = (values[i] ?? 0) > limit ? 1 : 0;
  return mask;
}

function counted(width: number, height: number, data: Int32Array): Labels {
  const areas: number[] = [0];
  for (const label of data) if (label > 0) areas[label] = (areas[label] ?? 0) + 1;
  for (let i = 0; i < areas.length; i += 1) areas[i] ??= 0;
  return { width, height, data, areas };
}

export interface Limits {
  readonly foreground: number;
  readonly seed: number;
}

/** Objects numbered from 1. */
export function objectsOf(maps: Maps, limits: Limits): Labels {
  const { width, height, distance } = maps;
  const mask = above(maps, maps.foreground, limits.foreground);
  if (!distance) return labelled(mask);
  const middles = above(maps, distance, limits.seed);
  const both: Mask = { ...mask, data: mask.data.map((value, i) => value & (middles.data[i] ?? 0)) };
  const pieces = labelled(both);
  const seeds = pieces.data.map((label) => ((pieces.areas[label] ?? 0) >= SMALLEST_SEED_PX ? label : 0));
  const values = distance.map((value) => -value);
  const found = watershed(values, seeds, mask);
  const unseeded = labelled({ width, height, data: mask.data.map((v, i) => (v && !found[i] ? 1 : 0)) });
  const first = pieces.areas.length - 1;
  return counted(
    width,
    height,
    found.map((label, i) => label || (unseeded.data[i] ? first + (unseeded.data[i] ?? 0) : 0)),
  );
}

/** What of a region is nearer, inside it, to the pixels that shall be in it than to those that shall not. */
export function without(region: Mask, wanted: readonly number[], unwanted: readonly number[]): Mask {
  const inside = unwanted.filter((i) => region.data[i] === 1);
  if (inside.length === 0) return region;
  const seeds = new Int32Array(region.data.length);
  for (const i of wanted) if (region.data[i] === 1) seeds[i] = 1;
  for (const i of inside) seeds[i] = 2;
  // all pixels cost the same: both grow step by step until they meet
  const labels = watershed(new Uint8Array(region.data.length), seeds, region);
  return maskOf(counted(region.width, region.height, labels), (label) => label === 1);
}
