/** Areas as well-known text, for addresses: to a hundredth of a pixel. */
import type { Geometry } from "./types";

const position = ([x = 0, y = 0]: readonly number[]): string =>
  `${Number(x.toFixed(2))} ${Number(y.toFixed(2))}`;
const ring = (points: readonly (readonly number[])[]): string => `(${points.map(position).join(",")})`;
const rings = (polygon: readonly (readonly (readonly number[])[])[]): string =>
  `(${polygon.map(ring).join(",")})`;

/** Null for what has no area. */
export function areaText(geometry: Geometry): string | null {
  if (geometry.type === "Polygon") return `POLYGON${rings(geometry.coordinates)}`;
  if (geometry.type === "MultiPolygon") return `MULTIPOLYGON(${geometry.coordinates.map(rings).join(",")})`;
  return null;
}
