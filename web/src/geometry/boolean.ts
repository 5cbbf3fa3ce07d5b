/**
 * Union, difference and repair of polygons.
 *
 * Clipper works on integers: coordinates are multiplied by 1024, a thousandth of a pixel, and every
 * operation uses the non-zero rule, so that a line that crosses itself keeps all that it encloses.
 */
import {
  Clipper,
  ClipType,
  FillRule,
  type Path64,
  type Paths64,
  type PolyPath64,
  PolyTree64,
} from "clipper2-ts";
import { rectangle } from "./shapes";
import type { Point, Polygon, Ring, Size } from "./types";

const SCALE = 1024;

/** Smaller than this, in square pixels, a shape is a slip of the hand. */
export const MIN_AREA_PX2 = 0.5;

export const pathOf = (points: readonly Point[]): Path64 =>
  points.map(([x, y]) => ({ x: Math.round(x * SCALE), y: Math.round(y * SCALE) }));

export function toPaths(polygons: readonly Polygon[]): Paths64 {
  return polygons.flatMap((polygon) =>
    polygon.map((ring, index) => {
      const path = pathOf(ring);
      // outer rings turn one way and holes the other, whatever way they were drawn
      return Clipper.isPositive(path) === (index === 0) ? path : path.reverse();
    }),
  );
}

export const pointsOf = (path: Path64): Point[] => path.map(({ x, y }): Point => [x / SCALE, y / SCALE]);

const toRing = (node: PolyPath64): Ring => pointsOf(node.poly ?? []);

function collect(node: PolyPath64 | PolyTree64, out: Polygon[]): void {
  for (let i = 0; i < node.count; i += 1) {
    const outer = node.child(i);
    const polygon: Polygon = [toRing(outer)];
    for (let j = 0; j < outer.count; j += 1) {
      polygon.push(toRing(outer.child(j)));
      collect(outer.child(j), out);
    }
    out.push(polygon);
  }
}

function operate(kind: ClipType, subject: readonly Polygon[], clip: readonly Polygon[]): Polygon[] {
  return combined(kind, toPaths(subject), toPaths(clip), MIN_AREA_PX2);
}

function combined(kind: ClipType, subject: Paths64, clip: Paths64 | null, leastPx2: number): Polygon[] {
  const tree = new PolyTree64();
  Clipper.booleanOpWithPolyTree(kind, subject, clip, tree, FillRule.NonZero);
  const out: Polygon[] = [];
  collect(tree, out);
  return out.map(withoutSpecks).filter((polygon) => area(polygon) >= leastPx2);
}

/** Paths of Clipper as valid polygons; smaller ones than the least area are left out. */
export const fromPaths = (paths: Paths64, leastPx2 = MIN_AREA_PX2): Polygon[] =>
  combined(ClipType.Union, paths, null, leastPx2);

function withoutSpecks(polygon: Polygon): Polygon {
  const [outer, ...holes] = polygon;
  return outer ? [outer, ...holes.filter((hole) => Math.abs(ringArea(hole)) >= MIN_AREA_PX2)] : [];
}

export function ringArea(ring: Ring): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 1) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    if (a && b) twice += a[0] * b[1] - b[0] * a[1];
  }
  return twice / 2;
}

/** Square pixels: the outer ring less its holes. */
export function area(polygon: Polygon): number {
  return polygon.reduce((sum, ring, i) => sum + Math.abs(ringArea(ring)) * (i === 0 ? 1 : -1), 0);
}

export const union = (a: readonly Polygon[], b: readonly Polygon[]): Polygon[] =>
  operate(ClipType.Union, a, b);

export const difference = (a: readonly Polygon[], b: readonly Polygon[]): Polygon[] =>
  operate(ClipType.Difference, a, b);

export const intersection = (a: readonly Polygon[], b: readonly Polygon[]): Polygon[] =>
  operate(ClipType.Intersection, a, b);

/** A self-crossing or twisted line as valid polygons; none if nothing is enclosed. */
export function repaired(ring: Ring): Polygon[] {
  return fromPaths([pathOf(ring)]);
}

/** The part of the polygons that lies in the image. */
export function clamped(polygons: readonly Polygon[], { width, height }: Size): Polygon[] {
  return intersection(polygons, [[rectangle([0, 0, width, height])]]);
}

/** Even-odd test; points on the border may go either way. */
export function contains(polygon: Polygon, [x, y]: Point): boolean {
  let inside = false;
  for (const ring of polygon) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const a = ring[i];
      const b = ring[j];
      if (!a || !b) continue;
      if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
    }
  }
  return inside;
}
