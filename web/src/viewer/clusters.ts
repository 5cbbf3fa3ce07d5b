/**
 * Crowded vector tiles carry a fine grid of counts of each class. Each count stays as a dot, which shows the
 * density; on top of them lie bubbles with the sums of eight by eight squares, which can be read.
 */
import type { FeatureLike } from "ol/Feature";
import type { ReadOptions } from "ol/format/Feature";
import MVT from "ol/format/MVT";
import RenderFeature from "ol/render/Feature";

const BUBBLES_A_SIDE = 8;

export const CLUSTERS = "clusters";
export const BUBBLES = "bubbles";

export interface CountAt {
  readonly x: number;
  readonly y: number;
  readonly count: number;
  readonly term: number;
  readonly status: number;
}

export interface Sum {
  readonly x: number;
  readonly y: number;
  /** How many objects of each class and state there are. */
  readonly parts: readonly Part[];
}

export type Part = Pick<CountAt, "term" | "status" | "count">;

/** Sums over square cells, each at the middle of what it counts. */
export function summed(counts: readonly CountAt[], cell: number): Sum[] {
  const bubbles = new Map<string, CountAt[]>();
  for (const one of counts) {
    const key = `${Math.floor(one.x / cell)} ${Math.floor(one.y / cell)}`;
    const bubble = bubbles.get(key);
    if (bubble) bubble.push(one);
    else bubbles.set(key, [one]);
  }
  return [...bubbles.values()].map((members) => {
    const total = members.reduce((sum, { count }) => sum + count, 0);
    const x = members.reduce((sum, one) => sum + one.x * one.count, 0) / total;
    const y = members.reduce((sum, one) => sum + one.y * one.count, 0) / total;
    return { x, y, parts: partsOf(members) };
  });
}

function partsOf(members: readonly CountAt[]): Part[] {
  const parts = new Map<string, { term: number; status: number; count: number }>();
  for (const { term, status, count } of members) {
    const part = parts.get(`${term} ${status}`) ?? { term, status, count: 0 };
    part.count += count;
    parts.set(`${term} ${status}`, part);
  }
  return [...parts.values()];
}

/** What of a bubble is to be seen: how many objects, and the class of most of them. */
export function visibleSum(
  parts: readonly Part[],
  isVisible: (part: Part) => boolean,
): { count: number; term: number } | null {
  const terms = new Map<number, number>();
  for (const part of parts)
    if (isVisible(part)) terms.set(part.term, (terms.get(part.term) ?? 0) + part.count);
  const [most] = [...terms].toSorted((a, b) => b[1] - a[1]);
  if (!most) return null;
  return { count: [...terms.values()].reduce((sum, count) => sum + count, 0), term: most[0] };
}

function countAt(feature: FeatureLike): CountAt {
  const [x = 0, y = 0] = feature.getGeometry()?.getExtent() ?? [];
  const numberOf = (name: string, usual: number) => Number(feature.get(name) ?? usual);
  return { x, y, count: numberOf("count", 1), term: numberOf("term", 0), status: numberOf("status", 0) };
}

/** Reads a tile and adds the bubbles. */
export class ClusterFormat extends MVT<RenderFeature> {
  override readFeatures(source: ArrayBuffer, options?: ReadOptions): RenderFeature[] {
    const features = super.readFeatures(source, options);
    const crowded = features.filter((feature) => feature.get("layer") === CLUSTERS);
    if (crowded.length === 0) return features;
    const [x0 = 0, , x1 = 0] = options?.extent ?? [];
    const cell = (x1 - x0) / BUBBLES_A_SIDE || 1;
    const bubbles = summed(crowded.map(countAt), cell).map(
      ({ x, y, parts }) => new RenderFeature("Point", [x, y], [], 2, { layer: BUBBLES, parts }, undefined),
    );
    return [...features, ...bubbles];
  }
}
