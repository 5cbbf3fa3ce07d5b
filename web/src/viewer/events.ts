/** What the picture tells the rest of the page. */
import type { Affine } from "../geometry/transform";
import type { Box, Geometry, Point, Polygon } from "../geometry/types";
import type { Place } from "./camera";
import type { Hit } from "./objectLayers";
import type { PreviewTold } from "./pixelPreview";
import type { ToolOptions } from "./tools/options";
import type { Drawn, Placed } from "./tools/tool";

export interface ViewerEvents {
  place: Place;
  pointer: Point | null;
  drawn: Drawn;
  edited: { id: number; polygons: readonly Polygon[] };
  region: Geometry;
  replaced: { objects: readonly Placed[]; affine: Affine };
  split: readonly Point[];
  lassoed: { area: readonly Polygon[]; mode: "replace" | "toggle" };
  classified: Hit | null;
  picked: { hit: Hit | null; mode: "replace" | "toggle" };
  boxed: { box: Box; mode: "replace" | "toggle" };
  said: string;
  options: Partial<ToolOptions>;
  preview: PreviewTold;
}
