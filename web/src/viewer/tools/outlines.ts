/** From a line drawn by hand to what is stored: valid polygons inside the image. */
import { clamped, repaired } from "../../geometry/boolean";
import { geometryOf } from "../../geometry/geojson";
import type { Polygon, Ring } from "../../geometry/types";
import type { Combine } from "./combine";
import type { Drawn, DrawnKind, ToolHost } from "./tool";

export const TOO_SMALL = "Nothing was enclosed. Draw a larger shape.";
export const OUTSIDE = "The shape lies outside the image. Draw on the picture.";

export function drawnOf(
  polygons: readonly Polygon[],
  kind: DrawnKind = "polygon",
  combine: Combine = "new",
): Drawn {
  return { kind: polygons.length > 1 ? "multipolygon" : kind, geometry: geometryOf(polygons), combine };
}

/** Hands the shape over, or says why there is none. */
export function finishOutline(
  host: ToolHost,
  ring: Ring,
  kind: DrawnKind = "polygon",
  combine: Combine = "new",
): void {
  const valid = repaired(ring);
  if (valid.length === 0) return host.say(TOO_SMALL);
  const inside = clamped(valid, host.size);
  if (inside.length === 0) return host.say(OUTSIDE);
  const isWhole = inside.length === 1 && inside[0]?.[0]?.length === ring.length;
  host.drawn(drawnOf(inside, isWhole ? kind : "polygon", combine));
}
