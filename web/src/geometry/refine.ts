/** Corrections of an outline as a whole: fewer corners, smoother, larger, smaller, without holes. */
import { Clipper, EndType, JoinType } from "clipper2-ts";
import { area, fromPaths, MIN_AREA_PX2, pathOf, pointsOf, repaired, toPaths, union } from "./boolean";
import type { Point, Polygon, Ring } from "./types";

const CORNER_ERROR_PX = 0.05;

/**
 * Fewer corners: no point of the old outline is farther than the tolerance from the new one
 * (Ramer, Douglas and Peucker). A ring that would vanish stays as it is.
 */
export function simplified(polygons: readonly Polygon[], tolerancePx: number): Polygon[] {
  return polygons.flatMap((polygon) => {
    const rings = polygon.map((ring) => simplifiedRing(ring, tolerancePx));
    return valid([rings], [polygon]);
  });
}

function simplifiedRing(ring: Ring, tolerancePx: number): Ring {
  // the farthest two corners stay, so that the result does not depend on where the ring begins
  const start = farthest(ring, ring[0] ?? [0, 0]);
  const end = farthest(ring, ring[start] ?? [0, 0]);
  const turned = [...ring.slice(start), ...ring.slice(0, start)];
  const middle = (end - start + ring.length) % ring.length;
  const first = thinned(turned.slice(0, middle + 1), tolerancePx);
  const second = thinned([...turned.slice(middle), turned[0] ?? [0, 0]], tolerancePx);
  const found = [...first.slice(0, -1), ...second.slice(0, -1)];
  return found.length >= 3 ? found : ring;
}

function farthest(ring: Ring, from: Point): number {
  let best = 0;
  let most = -1;
  ring.forEach((p, i) => {
    const distance = Math.hypot(p[0] - from[0], p[1] - from[1]);
    if (distance > most) [best, most] = [i, distance];
  });
  return best;
}

/** An open line without the points that are nearer than the tolerance to what stays. */
export const thinned = (line: readonly Point[], tolerancePx: number): Point[] =>
  pointsOf(Clipper.ramerDouglasPeucker(pathOf(line), tolerancePx * 1024));

/**
 * Smoother by Taubin's filter: each corner moves towards the middle of its neighbours and then a little
 * farther back, which rounds without shrinking. Points lie evenly on the result.
 */
export function smoothed(polygons: readonly Polygon[], strength = 6): Polygon[] {
  return polygons.flatMap((polygon) => {
    const rings = polygon.map((ring) => smoothedRing(evenly(ring), strength));
    return valid([rings], [polygon]);
  });
}

const SHRINK = 0.5;
const GROW = -0.53;

function smoothedRing(ring: Ring, strength: number): Ring {
  let points = ring;
  for (let i = 0; i < strength; i += 1) points = relaxed(relaxed(points, SHRINK), GROW);
  return points;
}

function relaxed(ring: Ring, share: number): Ring {
  const n = ring.length;
  return ring.map(([x, y], i): Point => {
    const a = ring[(i + n - 1) % n] ?? [x, y];
    const b = ring[(i + 1) % n] ?? [x, y];
    return [x + share * ((a[0] + b[0]) / 2 - x), y + share * ((a[1] + b[1]) / 2 - y)];
  });
}

/** The ring with corners at even distances, as many as it has, but at least 24 and at most 2,000. */
export function evenly(ring: Ring, count = Math.min(2000, Math.max(24, ring.length))): Ring {
  const lengths = ring.map((p, i) => {
    const q = ring[(i + 1) % ring.length] ?? p;
    return Math.hypot(q[0] - p[0], q[1] - p[1]);
  });
  const total = lengths.reduce((sum, one) => sum + one, 0);
  if (total === 0) return ring;
  const out: Ring = [];
  let edge = 0;
  let before = 0;
  for (let i = 0; i < count; i += 1) {
    const at = (total * i) / count;
    while (edge < ring.length - 1 && before + (lengths[edge] ?? 0) <= at) {
      before += lengths[edge] ?? 0;
      edge += 1;
    }
    const p = ring[edge] ?? [0, 0];
    const q = ring[(edge + 1) % ring.length] ?? p;
    const share = (at - before) / (lengths[edge] || 1);
    out.push([p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
  }
  return out;
}

/** Larger (or, with a negative distance, smaller) by so many pixels on every side, with round corners. */
export function grown(polygons: readonly Polygon[], byPx: number): Polygon[] {
  const offset = Clipper.inflatePaths(
    toPaths(union(polygons, [])),
    byPx * 1024,
    JoinType.Round,
    EndType.Polygon,
    2,
    CORNER_ERROR_PX * 1024,
  );
  return fromPaths(offset);
}

/** Without holes; what lay inside a hole is swallowed. */
export const filled = (polygons: readonly Polygon[]): Polygon[] =>
  union(
    polygons.map(([outer = []]) => [outer]),
    [],
  );

/** The new polygons where they are sound, else the old ones. */
function valid(made: readonly Polygon[], old: readonly Polygon[]): Polygon[] {
  const sound = made.flatMap(([outer = [], ...holes]) =>
    holes.length === 0 ? repaired(outer) : union([[outer, ...holes]], []),
  );
  const total = (polygons: readonly Polygon[]) => polygons.reduce((sum, one) => sum + area(one), 0);
  return total(sound) < Math.max(MIN_AREA_PX2, 0.25 * total(old)) ? [...old] : sound;
}
