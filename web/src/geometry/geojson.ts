/** Between GeoJSON and the app's polygons. */
import type { Geometry, Point, Polygon, Ring } from "./types";

const toPoint = (position: readonly number[]): Point => [position[0] ?? 0, position[1] ?? 0];

function openRing(positions: readonly (readonly number[])[]): Ring {
  const ring = positions.map(toPoint);
  const first = ring[0];
  const last = ring.at(-1);
  if (ring.length > 1 && first && last && first[0] === last[0] && first[1] === last[1]) ring.pop();
  return ring;
}

function closedRing(ring: Ring): number[][] {
  const first = ring[0];
  return (first ? [...ring, first] : []).map(([x, y]) => [x, y]);
}

/** The polygons of a geometry; none for points and lines. */
export function polygonsOf(geometry: Geometry): Polygon[] {
  switch (geometry.type) {
    case "Polygon":
      return [geometry.coordinates.map(openRing)];
    case "MultiPolygon":
      return geometry.coordinates.map((polygon) => polygon.map(openRing));
    default:
      return [];
  }
}

/** One polygon as Polygon, several as MultiPolygon. */
export function geometryOf(polygons: readonly Polygon[]): Geometry {
  const [only] = polygons;
  return only && polygons.length === 1
    ? { type: "Polygon", coordinates: only.map(closedRing) }
    : { type: "MultiPolygon", coordinates: polygons.map((polygon) => polygon.map(closedRing)) };
}

export const pointGeometry = ([x, y]: Point): Geometry => ({ type: "Point", coordinates: [x, y] });

/** A geometry from outside the app; null where it is none that can be shown. */
export function parseGeometry(value: unknown): Geometry | null {
  if (typeof value !== "object" || value === null) return null;
  const { type, coordinates } = value as { type?: unknown; coordinates?: unknown };
  const known = ["Point", "MultiPoint", "LineString", "Polygon", "MultiLineString", "MultiPolygon"];
  return typeof type === "string" && known.includes(type) && Array.isArray(coordinates)
    ? (value as Geometry)
    : null;
}
