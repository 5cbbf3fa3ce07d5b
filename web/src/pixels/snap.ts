/** An active contour: an outline is drawn to the strongest edge near it and stays smooth. */
import { boundsOf } from "../geometry/shapes";
import type { Point, Polygon, Ring } from "../geometry/types";
import { relaxed, resampled, simplified } from "./outlines";
import { blurred, contrastPlane, valueAt } from "./planes";
import type { Plane, Raster } from "./raster";

export interface SnapSettings {
  /** How far a point may move along its normal, pixels. */
  readonly margin: number;
  /** What a jump of one pixel between neighbours costs, as a share of the strongest edge. */
  readonly stiffness: number;
}

const DEFAULTS: SnapSettings = { margin: 6, stiffness: 0.25 };
const SPACING_PX = 1.5;
const STEP_PX = 0.5;
/** Fewer points than this are no outline that could be bent. */
const LEAST_POINTS = 8;
const PASSES = 2;

/** Unit normals; which way they point does not matter as all point the same way. */
function normals(ring: Ring): Point[] {
  const n = ring.length;
  return ring.map((_, i): Point => {
    const [ax, ay] = ring[(i + n - 2) % n] ?? [0, 0];
    const [bx, by] = ring[(i + 2) % n] ?? [0, 0];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    return [(by - ay) / length, -(bx - ax) / length];
  });
}

/** How much brighter it gets along each normal, for every offset: one row a point. */
function slopes(
  plane: Plane,
  ring: Ring,
  along: readonly Point[],
  offsets: readonly number[],
): Float32Array[] {
  return ring.map(([x, y], i) => {
    const [nx, ny] = along[i] ?? [0, 0];
    return Float32Array.from(offsets, (offset) => {
      const ahead = valueAt(plane, x + nx * (offset + 1), y + ny * (offset + 1));
      return ahead - valueAt(plane, x + nx * (offset - 1), y + ny * (offset - 1));
    });
  });
}

/**
 * One offset a point such that the edge below is strong and neighbours agree: dynamic programming (Amini 1990).
 *
 * A closed line is solved twice around; the second time begins where the first one ended.
 */
function bestOffsets(gain: readonly Float32Array[], offsets: readonly number[], stiffness: number): number[] {
  const middle = Math.floor(offsets.length / 2);
  const free = pathThrough(gain, stiffness, null);
  const from = free[Math.floor(free.length / 2)] ?? middle;
  const half = Math.floor(gain.length / 2);
  // cut the line where the free solution is least influenced by its ends
  const turned = [...gain.slice(half), ...gain.slice(0, half)];
  const closed = pathThrough(turned, stiffness, from);
  return [...closed.slice(gain.length - half), ...closed.slice(0, gain.length - half)];
}

function pathThrough(gain: readonly Float32Array[], stiffness: number, ends: number | null): number[] {
  const count = gain[0]?.length ?? 0;
  let score = Float32Array.from({ length: count }, (_, k) =>
    ends === null || k === ends ? (gain[0]?.[k] ?? 0) : Number.NEGATIVE_INFINITY,
  );
  const came: Int16Array[] = [];
  for (let i = 1; i < gain.length; i += 1) {
    const next = new Float32Array(count);
    const from = new Int16Array(count);
    for (let k = 0; k < count; k += 1) {
      let [best, value] = [k, Number.NEGATIVE_INFINITY];
      for (let j = Math.max(0, k - 2); j <= Math.min(count - 1, k + 2); j += 1) {
        const candidate = (score[j] ?? 0) - stiffness * (STEP_PX * (k - j)) ** 2;
        if (candidate > value) [best, value] = [j, candidate];
      }
      next[k] = value + (gain[i]?.[k] ?? 0);
      from[k] = best;
    }
    came.push(from);
    score = next;
  }
  let at = ends ?? score.reduce((best, value, k) => (value > (score[best] ?? 0) ? k : best), 0);
  const path = [at];
  for (const from of came.toReversed()) {
    at = from[at] ?? at;
    path.push(at);
  }
  return path.toReversed();
}

/** An edge far from the line must be clearly stronger than one on it. */
const FAR_COST = 0.15;

function snappedRing(plane: Plane, ring: Ring, settings: SnapSettings): Ring {
  const points = resampled(ring, SPACING_PX);
  if (points.length < LEAST_POINTS) return ring;
  const steps = Math.max(1, Math.round(settings.margin / STEP_PX));
  const offsets = Array.from({ length: 2 * steps + 1 }, (_, k) => (k - steps) * STEP_PX);
  const along = normals(points);
  const found = slopes(plane, points, along, offsets);
  // an object is brighter than what is around it, or darker, all the way round
  const sum = found.reduce((all, row) => all + row.reduce((a, b) => a + b, 0), 0);
  const sign = sum < 0 ? -1 : 1;
  const strongest = Math.max(1e-6, ...found.map((row) => Math.max(...row.map((v) => v * sign))));
  const gain = found.map((row) =>
    row.map((v, k) => {
      const far = Math.abs(offsets[k] ?? 0) / Math.max(settings.margin, STEP_PX);
      return Math.max(0, (v * sign) / strongest) - FAR_COST * far * far;
    }),
  );
  const path = bestOffsets(gain, offsets, settings.stiffness);
  const moved = points.map(([x, y], i): Point => {
    const offset = offsets[path[i] ?? steps] ?? 0;
    const [nx, ny] = along[i] ?? [0, 0];
    return [x + nx * offset, y + ny * offset];
  });
  return relaxed(relaxed(moved));
}

/** The outlines, in pixels of the picture, moved to the strongest edges near them. */
export function snapped(
  raster: Raster,
  polygons: readonly Polygon[],
  settings: Partial<SnapSettings> = {},
): Polygon[] {
  const whole = { ...DEFAULTS, ...settings };
  const plane = blurred(contrastPlane(raster), 1);
  return polygons.map((rings) =>
    rings.map((ring) => {
      let now = ring;
      for (let i = 0; i < PASSES; i += 1) now = snappedRing(plane, now, whole);
      return now === ring ? ring : simplified(now, 0.15);
    }),
  );
}

/** Half the width of a shape: a contour must not move farther than to its middle. */
export function safeMargin(polygons: readonly Polygon[], most: number): number {
  const points = polygons.flatMap(([outer]) => outer ?? []);
  if (points.length === 0) return 0;
  const [x0, y0, x1, y1] = boundsOf(points);
  return Math.max(1, Math.min(most, Math.min(x1 - x0, y1 - y0) / 4));
}
