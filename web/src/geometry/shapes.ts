/** Simple shapes as rings. */
import type { Box, Point, Ring, Size } from "./types";

export function boxOf(a: Point, b: Point): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

/** The corner opposite to `start` such that both sides are equally long. */
export function squareCorner(start: Point, end: Point): Point {
  const dx = end[0] - start[0];
  const dy = end[1] - start[1];
  const side = Math.max(Math.abs(dx), Math.abs(dy));
  return [start[0] + side * (dx < 0 ? -1 : 1), start[1] + side * (dy < 0 ? -1 : 1)];
}

export function rectangle([x0, y0, x1, y1]: Box): Ring {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** Points enough that the chord stays within a twentieth of a pixel of the curve, between 24 and 180. */
export function ellipse([x0, y0, x1, y1]: Box): Ring {
  const rx = (x1 - x0) / 2;
  const ry = (y1 - y0) / 2;
  const radius = Math.max(rx, ry, 0.5);
  const n = Math.min(180, Math.max(24, Math.ceil(Math.PI / Math.acos(1 - Math.min(0.5, 0.05 / radius)))));
  return Array.from({ length: n }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / n;
    return [x0 + rx + rx * Math.cos(angle), y0 + ry + ry * Math.sin(angle)];
  });
}

export function circle(centre: Point, radius: number): Ring {
  return ellipse([centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius]);
}

/** What a round brush covers on its way from `a` to `b`. */
export function capsule(a: Point, b: Point, radius: number): Ring {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  if (Math.hypot(dx, dy) < radius / 50) return circle(b, radius);
  const along = Math.atan2(dy, dx);
  const half = Math.max(8, Math.round(circle(a, radius).length / 2));
  const arc = (centre: Point, from: number): Ring =>
    Array.from({ length: half + 1 }, (_, i): Point => {
      const angle = from + (Math.PI * i) / half;
      return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)];
    });
  return [...arc(b, along - Math.PI / 2), ...arc(a, along + Math.PI / 2)];
}

export function clampPoint([x, y]: Point, { width, height }: Size): Point {
  return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
}

export function boundsOf(points: readonly Point[]): Box {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return [x0, y0, x1, y1];
}
