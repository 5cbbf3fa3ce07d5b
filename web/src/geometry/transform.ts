/** Moving, turning and scaling geometries of every kind. */
import type { Box, Geometry, Point } from "./types";

/** x' = a x + c y + e, y' = b x + d y + f, as in SVG. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const moved = (dx: number, dy: number): Affine => [1, 0, 0, 1, dx, dy];

export function turned([x, y]: Point, radians: number): Affine {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
}

export const scaled = ([x, y]: Point, sx: number, sy = sx): Affine => [sx, 0, 0, sy, x - sx * x, y - sy * y];

export const placed = ([a, b, c, d, e, f]: Affine, [x, y]: Point): Point => [
  a * x + c * y + e,
  b * x + d * y + f,
];

type Nested = number | readonly Nested[];

/** The geometry with every position moved by the map. */
export function transformed<G extends Geometry>(geometry: G, affine: Affine): G {
  const walk = (value: Nested): Nested => {
    if (typeof value === "number") return value;
    const [x, y] = value;
    return typeof x === "number" && typeof y === "number"
      ? [...placed(affine, [x, y])]
      : (value as readonly Nested[]).map(walk);
  };
  return { ...geometry, coordinates: walk(geometry.coordinates as Nested) } as G;
}

/** Every position of a geometry. */
export function positionsOf(geometry: Geometry): Point[] {
  const out: Point[] = [];
  const walk = (value: Nested): void => {
    if (typeof value === "number") return;
    const [x, y] = value;
    if (typeof x === "number" && typeof y === "number") out.push([x, y]);
    else for (const part of value as readonly Nested[]) walk(part);
  };
  walk(geometry.coordinates as Nested);
  return out;
}

export function boundsOfAll(geometries: readonly Geometry[]): Box | null {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const geometry of geometries) {
    for (const [x, y] of positionsOf(geometry)) {
      x0 = Math.min(x0, x);
      y0 = Math.min(y0, y);
      x1 = Math.max(x1, x);
      y1 = Math.max(y1, y);
    }
  }
  return x0 <= x1 ? [x0, y0, x1, y1] : null;
}
