/** Cutting polygons along a drawn line. */
import { Clipper, EndType, JoinType } from "clipper2-ts";
import { area, difference, fromPaths, pathOf } from "./boolean";
import type { Point, Polygon } from "./types";

/** The blade is two thousandths of a pixel wide: nothing that anybody measures is lost. */
const BLADE = 1;

/**
 * The pieces that a line cuts a polygon into, the largest first; one piece where the line does not go
 * right through.
 */
export function split(polygons: readonly Polygon[], line: readonly Point[]): Polygon[] {
  if (line.length < 2) return [...polygons];
  const blade = Clipper.inflatePaths([pathOf(line)], BLADE, JoinType.Miter, EndType.Butt);
  return difference(polygons, fromPaths(blade, 0)).sort((a, b) => area(b) - area(a));
}
