/** From masks to polygons with exact holes, and back. */
import { boundsOf } from "../geometry/shapes";
import type { Point, Polygon, Ring } from "../geometry/types";
import { type Labels, labelled } from "./components";
import { emptyMask, type Mask, toImagePolygons, trimmed } from "./raster";

/** East, south, west, north: turning right adds one. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** Which sides of pixels leave each corner, one bit a direction; the inside is to the right of each side. */
function sidesOf({ width, height, data }: Labels): Uint8Array {
  const across = width + 1;
  const sides = new Uint8Array(across * (height + 1));
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (data[y * width + x] ?? 0);
  const put = (x: number, y: number, direction: number): void => {
    const corner = y * across + x;
    sides[corner] = (sides[corner] ?? 0) | (1 << direction);
  };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (at(x, y) === 0) continue;
      if (at(x, y - 1) === 0) put(x, y, 0);
      if (at(x + 1, y) === 0) put(x + 1, y, 1);
      if (at(x, y + 1) === 0) put(x + 1, y + 1, 2);
      if (at(x - 1, y) === 0) put(x, y + 1, 3);
    }
  }
  return sides;
}

const turned = (direction: number, by: number): number => (direction + by) & 3;

/** Where two pixels touch by a corner only, the ring stays with its own: it turns right. */
function nextDirection(sides: number, direction: number): number {
  for (const by of [1, 0, 3]) if (sides & (1 << turned(direction, by))) return turned(direction, by);
  return direction;
}

function traced(sides: Uint8Array, open: Uint8Array, across: number, start: number, first: number): Ring {
  const ring: Ring = [];
  let [corner, direction] = [start, first];
  let arrived = -1;
  do {
    if (direction !== arrived) ring.push([corner % across, Math.floor(corner / across)]);
    open[corner] = (open[corner] ?? 0) & ~(1 << direction);
    const [dx, dy] = STEPS[direction] ?? [0, 0];
    corner += dx + dy * across;
    arrived = direction;
    direction = nextDirection(sides[corner] ?? 0, direction);
  } while (corner !== start || direction !== first);
  // the first corner may lie within a straight side
  if (arrived === first) ring.shift();
  return ring;
}

/** A ring that touches itself at corners, as rings that do not. */
function untouched(ring: Ring): Ring[] {
  const out: Ring[] = [];
  const path: Point[] = [];
  const places = new Map<string, number>();
  for (const point of ring) {
    const key = point.join();
    const before = places.get(key);
    if (before !== undefined) {
      const loop = path.splice(before);
      for (const [x, y] of loop) places.delete(`${x},${y}`);
      out.push(loop);
    }
    places.set(key, path.length);
    path.push(point);
  }
  out.push(path);
  return out;
}

function turnsRight(ring: Ring): boolean {
  let twice = 0;
  ring.forEach(([x, y], i) => {
    const [x1, y1] = ring[(i + 1) % ring.length] ?? [0, 0];
    twice += x * y1 - x1 * y;
  });
  return twice > 0;
}

/**
 * The outlines of the mask's pieces along the sides of their pixels.
 *
 * Areas equal the numbers of pixels; pieces that touch by a corner are polygons of their own; holes are exact.
 */
export function maskPolygons(mask: Mask): Polygon[] {
  const part = trimmed(mask);
  if (!part) return [];
  return toImagePolygons(outlined(part.mask), { x: part.x, y: part.y, step: 1 });
}

function outlined(mask: Mask): Polygon[] {
  const labels = labelled(mask);
  const sides = sidesOf(labels);
  const open = sides.slice();
  const across = mask.width + 1;
  const outers = new Map<number, Ring>();
  const holes = new Map<number, Ring[]>();
  for (let corner = 0; corner < open.length; corner += 1) {
    for (let direction = 0; direction < 4; direction += 1) {
      if (!((open[corner] ?? 0) & (1 << direction))) continue;
      const label = labelRightOf(labels, corner % across, Math.floor(corner / across), direction);
      for (const ring of untouched(traced(sides, open, across, corner, direction))) {
        if (turnsRight(ring)) outers.set(label, ring);
        else holes.set(label, [...(holes.get(label) ?? []), ring]);
      }
    }
  }
  return [...outers].map(([label, outer]) => [outer, ...(holes.get(label) ?? [])]);
}

function labelRightOf({ width, data }: Labels, x: number, y: number, direction: number): number {
  const column = direction === 0 || direction === 3 ? x : x - 1;
  const row = direction === 0 || direction === 1 ? y : y - 1;
  return data[row * width + column] ?? 0;
}

/** Points every `spacing` along the ring, from the middle of the first stretch on. */
export function resampled(ring: Ring, spacing: number): Ring {
  const out: Ring = [];
  let left = spacing / 2;
  ring.forEach(([x, y], i) => {
    const [x1, y1] = ring[(i + 1) % ring.length] ?? [x, y];
    const length = Math.hypot(x1 - x, y1 - y);
    while (left <= length && length > 0) {
      out.push([x + ((x1 - x) * left) / length, y + ((y1 - y) * left) / length]);
      left += spacing;
    }
    left -= length;
  });
  return out;
}

/** Each point drawn half way to the middle of its neighbours. */
export function relaxed(ring: Ring): Ring {
  const n = ring.length;
  return ring.map(([x, y], i): Point => {
    const [ax, ay] = ring[(i + n - 1) % n] ?? [x, y];
    const [bx, by] = ring[(i + 1) % n] ?? [x, y];
    return [(ax + 2 * x + bx) / 4, (ay + 2 * y + by) / 4];
  });
}

function farthest(ring: Ring, from: number, to: number): [number, number] {
  const [ax, ay] = ring[from] ?? [0, 0];
  const [bx, by] = ring[to % ring.length] ?? [0, 0];
  const length = Math.hypot(bx - ax, by - ay) || 1e-9;
  let [best, distance] = [from, 0];
  for (let i = from + 1; i < to; i += 1) {
    const [x, y] = ring[i] ?? [0, 0];
    const off = Math.abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length;
    if (off > distance) [best, distance] = [i, off];
  }
  return [best, distance];
}

/** Without the points that lie within a distance of the line through the others (Douglas and Peucker 1973). */
export function simplified(ring: Ring, within: number): Ring {
  if (ring.length < 5) return ring;
  const half = Math.floor(ring.length / 2);
  const kept = new Set([0, half]);
  const stretches: [number, number][] = [
    [0, half],
    [half, ring.length],
  ];
  for (let next = stretches.pop(); next; next = stretches.pop()) {
    const [from, to] = next;
    const [index, distance] = farthest(ring, from, to);
    if (distance <= within) continue;
    kept.add(index);
    stretches.push([from, index], [index, to]);
  }
  return ring.filter((_, i) => kept.has(i));
}

/** Ways over the ring that take the stairs out of outlines of pixels of this size; areas stay to within a per cent. */
const RELAXATIONS = 2;

/** Pixel stairs as smooth lines with few points; rings too small for that stay as they are. */
export function smoothed(polygons: readonly Polygon[], pixel = 1): Polygon[] {
  const smooth = (ring: Ring): Ring => {
    let now = resampled(ring, pixel);
    if (now.length < 8) return ring;
    for (let i = 0; i < RELAXATIONS; i += 1) now = relaxed(now);
    const few = simplified(now, 0.2 * pixel);
    return few.length >= 3 ? few : ring;
  };
  return polygons.map((rings) => rings.map(smooth));
}

/** The pixels whose centres lie inside (even-odd), of polygons in pixels of the mask. */
export function polygonsMask(polygons: readonly Polygon[], width: number, height: number): Mask {
  const mask = emptyMask({ width, height });
  const rings = polygons.flat();
  if (rings.length === 0) return mask;
  const [, y0, , y1] = boundsOf(rings.flat());
  const last = Math.min(height - 1, Math.ceil(y1));
  for (let row = Math.max(0, Math.floor(y0)); row <= last; row += 1) {
    const crossings = crossingsAt(rings, row + 0.5).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
      const to = Math.min(width, Math.ceil((crossings[i + 1] ?? 0) - 0.5));
      if (to > from) mask.data.fill(1, row * width + from, row * width + to);
    }
  }
  return mask;
}

function crossingsAt(rings: readonly Ring[], y: number): number[] {
  const found: number[] = [];
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [ax, ay] = ring[i] ?? [0, 0];
      const [bx, by] = ring[j] ?? [0, 0];
      if (ay > y !== by > y) found.push(ax + ((bx - ax) * (y - ay)) / (by - ay));
    }
  }
  return found;
}
