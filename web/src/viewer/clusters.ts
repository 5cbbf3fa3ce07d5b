/**
 * Crowded vector tiles carry a fine grid of counts. Each count stays as a dot, which shows the density; on
 * top of them lie bubbles with the sums of eight by eight of them, which can be read.
 */
import type { FeatureLike } from "ol/Feature";
import type { ReadOptions } from "ol/format/Feature";
import MVT from "ol/format/MVT";
import RenderFeature from "ol/render/Feature";

const BUBBLES_A_SIDE = 8;

export const CLUSTERS = "clusters";
export const BUBBLES = "bubbles";

interface Bubble {
  x: number;
  y: number;
  count: number;
  readonly terms: Map<number, number>;
}

export interface CountAt {
  readonly x: number;
  readonly y: number;
  readonly count: number;
  readonly term: number;
}

export interface Sum {
  readonly x: number;
  readonly y: number;
  readonly count: number;
  /** The class that most of the objects have. */
  readonly term: number;
}

/** Sums over square cells, each at the middle of what it counts. */
export function summed(counts: readonly CountAt[], cell: number): Sum[] {
  const bubbles = new Map<string, Bubble>();
  for (const { x, y, count, term } of counts) {
    const key = `${Math.floor(x / cell)} ${Math.floor(y / cell)}`;
    const bubble = bubbles.get(key) ?? { x: 0, y: 0, count: 0, terms: new Map<number, number>() };
    bubble.x += x * count;
    bubble.y += y * count;
    bubble.count += count;
    bubble.terms.set(term, (bubble.terms.get(term) ?? 0) + count);
    bubbles.set(key, bubble);
  }
  return [...bubbles.values()].map(({ x, y, count, terms }) => {
    const [most] = [...terms].toSorted((a, b) => b[1] - a[1]);
    return { x: x / count, y: y / count, count, term: most?.[0] ?? 0 };
  });
}

function countAt(feature: FeatureLike): CountAt {
  const [x = 0, y = 0] = feature.getGeometry()?.getExtent() ?? [];
  return { x, y, count: Number(feature.get("count") ?? 1), term: Number(feature.get("term") ?? 0) };
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
      ({ x, y, count, term }) =>
        new RenderFeature("Point", [x, y], [], 2, { layer: BUBBLES, count, term }, undefined),
    );
    return [...features, ...bubbles];
  }
}
