/** What the tools may do to the picture. */
import type { Image } from "../api/types";
import type { Geometry, Point } from "../geometry/types";
import type { ViewerEvents } from "./events";
import type { Hit } from "./objectLayers";
import type { Overlay } from "./overlay";
import type { Signals } from "./signals";
import { sizeOf } from "./space";
import type { EditTarget, Placed, ToolHost } from "./tools/tool";

export interface HostWorld extends Pick<ToolHost, "crop" | "sight" | "options" | "desk" | "assist"> {
  readonly image: Image;
  readonly overlay: Overlay;
  readonly events: Signals<ViewerEvents>;
  brushRadius(): number;
  target(): EditTarget | null;
  placed(): readonly Placed[];
  hitAt(pixel: readonly [number, number]): Hit | null;
}

/** Micrometres along a line; null without a scale. Pixels need not be square. */
export function micrometres(image: Image, line: readonly Point[]): number | null {
  const width = image.pixel_width_um ?? null;
  const height = image.pixel_height_um ?? width;
  if (width === null || height === null) return null;
  return line.slice(1).reduce((sum, [x, y], i) => {
    const [px, py] = line[i] ?? [x, y];
    return sum + Math.hypot((x - px) * width, (y - py) * height);
  }, 0);
}

export function toolHost({ image, overlay, events, ...world }: HostWorld): ToolHost {
  return {
    size: sizeOf(image),
    brushRadius: world.brushRadius,
    target: world.target,
    placed: world.placed,
    crop: world.crop,
    sight: world.sight,
    options: world.options,
    setOptions: (change) => events.emit("options", change),
    desk: world.desk,
    assist: world.assist,
    micrometres: (line) => micrometres(image, line),
    sketch: (shape) => overlay.setSketch(shape),
    preview: (polygons) => overlay.setPreview(polygons),
    previewAll: (geometries: readonly Geometry[]) => overlay.setPreviews(geometries),
    outline: (circle) => overlay.setTip(circle),
    drawn: (shape) => events.emit("drawn", shape),
    edited: (id, polygons) => events.emit("edited", { id, polygons }),
    replaced: (objects, affine) => events.emit("replaced", { objects, affine }),
    splitBy: (line) => events.emit("split", line),
    lassoed: (area, mode) => events.emit("lassoed", { area, mode }),
    classify: (pixel) => events.emit("classified", world.hitAt(pixel)),
    region: (geometry) => events.emit("region", geometry),
    pick: (pixel, mode) => events.emit("picked", { hit: world.hitAt(pixel), mode }),
    boxed: (box, mode) => events.emit("boxed", { box, mode }),
    say: (message) => events.emit("said", message),
  };
}
