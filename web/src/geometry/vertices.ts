/** Moving, inserting and deleting single vertices. */
import type { Point, Polygon } from "./types";

export interface VertexRef {
  readonly polygon: number;
  readonly ring: number;
  readonly index: number;
}

export interface EdgeRef extends VertexRef {
  /** The nearest point on the edge that starts at `index`. */
  readonly at: Point;
}

export function nearestVertex(polygons: readonly Polygon[], p: Point, within: number): VertexRef | null {
  let best: VertexRef | null = null;
  let bestDistance = within;
  polygons.forEach((rings, polygon) => {
    rings.forEach((points, ring) => {
      points.forEach(([x, y], index) => {
        const distance = Math.hypot(x - p[0], y - p[1]);
        if (distance <= bestDistance) {
          best = { polygon, ring, index };
          bestDistance = distance;
        }
      });
    });
  });
  return best;
}

function nearestOnSegment(a: Point, b: Point, p: Point): Point {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2;
  const clampedT = Math.min(1, Math.max(0, t));
  return [a[0] + clampedT * dx, a[1] + clampedT * dy];
}

export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const at = nearestOnSegment(a, b, p);
  return Math.hypot(at[0] - p[0], at[1] - p[1]);
}

export function nearestEdge(polygons: readonly Polygon[], p: Point, within: number): EdgeRef | null {
  let best: EdgeRef | null = null;
  let bestDistance = within;
  polygons.forEach((rings, polygon) => {
    rings.forEach((points, ring) => {
      points.forEach((a, index) => {
        const b = points[(index + 1) % points.length];
        if (!b) return;
        const at = nearestOnSegment(a, b, p);
        const distance = Math.hypot(at[0] - p[0], at[1] - p[1]);
        if (distance <= bestDistance) {
          best = { polygon, ring, index, at };
          bestDistance = distance;
        }
      });
    });
  });
  return best;
}

function mapRing(
  polygons: readonly Polygon[],
  ref: VertexRef,
  change: (ring: Point[]) => Point[],
): Polygon[] {
  return polygons.map((rings, p) =>
    p === ref.polygon ? rings.map((ring, r) => (r === ref.ring ? change([...ring]) : ring)) : rings,
  );
}

export const movedVertex = (polygons: readonly Polygon[], ref: VertexRef, to: Point): Polygon[] =>
  mapRing(polygons, ref, (ring) => ring.map((point, i) => (i === ref.index ? to : point)));

export const insertedVertex = (polygons: readonly Polygon[], edge: EdgeRef): Polygon[] =>
  mapRing(polygons, edge, (ring) => ring.toSpliced(edge.index + 1, 0, edge.at));

/** Without the vertex; unchanged (null) where the ring would fall below a triangle. */
export function deletedVertex(polygons: readonly Polygon[], ref: VertexRef): Polygon[] | null {
  const ring = polygons[ref.polygon]?.[ref.ring];
  if (!ring || ring.length <= 3) return null;
  return mapRing(polygons, ref, (points) => points.toSpliced(ref.index, 1));
}
