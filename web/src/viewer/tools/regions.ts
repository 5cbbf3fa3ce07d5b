/** Colour fill, magic wand and threshold in a box: an object from the pixels below the pointer. */
import { clamped } from "../../geometry/boolean";
import { boxOf, rectangle } from "../../geometry/shapes";
import type { Polygon } from "../../geometry/types";
import { edgesOf, floodFill, wand } from "../../pixels/flood";
import { maskPolygons, smoothed } from "../../pixels/outlines";
import {
  type Crop,
  cutCrop,
  type Mask,
  type Plane,
  pixelAt,
  pixelCount,
  toImagePolygons,
} from "../../pixels/raster";
import { objectsIn } from "../../pixels/threshold";
import { type Combine, combineOf } from "./combine";
import { drawnOf, OUTSIDE } from "./outlines";
import { CLICK_PX, IdleTool, moved, type ToolPointer } from "./tool";

export const NO_PICTURE = "The picture is not shown here yet. Wait for it, or click on the picture.";

/** Fewer pixels than this are noise, not an object. */
const LEAST_PIXELS = 4;

const outlinesOf = (mask: Mask, crop: Crop): Polygon[] => toImagePolygons(smoothed(maskPolygons(mask)), crop);

abstract class RegionOfPixels extends IdleTool {
  override readonly cursor: string = "crosshair";
  protected crop: Crop | null = null;
  protected start: ToolPointer | null = null;
  private found: Mask | null = null;
  private combine: Combine = "new";

  /** The region that belongs to a pixel of the crop, with the pointer where it is now. */
  protected abstract region(crop: Crop, seed: number, pointer: ToolPointer): Mask;
  protected abstract tolerance(pointer: ToolPointer): number;

  override down(pointer: ToolPointer): boolean {
    this.start = pointer;
    this.combine = combineOf(pointer);
    this.crop = this.host.crop();
    this.look(pointer);
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.look(pointer);
  }

  override up(): void {
    const { crop, found, start, combine } = this;
    this.cancel();
    if (!start) return;
    if (!crop || !found) return this.host.say(isOutside(start, this.host.size) ? OUTSIDE : NO_PICTURE);
    if (pixelCount(found) < LEAST_PIXELS)
      return this.host.say("Too few pixels look like this one. Raise the tolerance, or click elsewhere.");
    const polygons = clamped(outlinesOf(found, crop), this.host.size);
    if (polygons.length > 0) this.host.drawn(drawnOf(polygons, "polygon", combine));
  }

  override cancel(): boolean {
    const had = this.start !== null;
    this.start = null;
    this.found = null;
    this.crop = null;
    this.host.sketch(null);
    return had;
  }

  private look(pointer: ToolPointer): void {
    const { crop, start } = this;
    const seed = crop && start ? pixelAt(crop, start.at) : null;
    if (!crop || !start || seed === null || crop.raster.data[seed * 4 + 3] === 0) return;
    this.found = this.region(crop, seed, pointer);
    const label = { at: pointer.at, text: `± ${Math.round(this.tolerance(pointer))}` };
    this.host.sketch({ closed: outlinesOf(this.found, crop), label });
  }
}

const isOutside = (
  { at: [x, y] }: ToolPointer,
  { width, height }: { width: number; height: number },
): boolean => x < 0 || y < 0 || x > width || y > height;

export class FillTool extends RegionOfPixels {
  protected tolerance(): number {
    return this.host.options().tolerance;
  }

  protected region({ raster }: Crop, seed: number): Mask {
    return floodFill(raster, seed, this.tolerance());
  }
}

/** A drag of so many screen pixels raises the tolerance by one. */
const DRAG_PX = 2;

export class WandTool extends RegionOfPixels {
  private edges: Plane | null = null;

  override cancel(): boolean {
    this.edges = null;
    return super.cancel();
  }

  protected tolerance(pointer: ToolPointer): number {
    const dragged = this.start ? moved(this.start, pointer) : 0;
    return Math.min(255, this.host.options().tolerance + (dragged < CLICK_PX ? 0 : dragged / DRAG_PX));
  }

  protected region({ raster }: Crop, seed: number, pointer: ToolPointer): Mask {
    this.edges ??= edgesOf(raster);
    return wand(raster, seed, this.tolerance(pointer), this.edges);
  }
}

/** While dragging, boxes up to so many pixels are looked at at once. */
const LIVE_PIXELS = 150_000;

export class ThresholdTool extends IdleTool {
  override readonly cursor: string = "crosshair";
  private start: ToolPointer | null = null;
  private crop: Crop | null = null;

  override down(pointer: ToolPointer): boolean {
    this.start = pointer;
    this.crop = this.host.crop();
    return true;
  }

  override drag(pointer: ToolPointer): void {
    if (!this.start) return;
    const box = rectangle(boxOf(this.start.at, pointer.at));
    const first = box[0];
    const found = this.objects(pointer, LIVE_PIXELS) ?? [];
    this.host.sketch({ open: first ? [...box, first] : box, closed: found.flat() });
  }

  override up(pointer: ToolPointer): void {
    const { start } = this;
    const found = this.objects(pointer, Number.POSITIVE_INFINITY);
    this.cancel();
    if (!start) return;
    if (moved(start, pointer) < CLICK_PX) return this.host.say("Drag a box around the object.");
    if (!found) return this.host.say(OUTSIDE);
    if (found.length === 0)
      return this.host.say(
        "Nothing stands out in the box. Draw it larger, so that it holds some background too.",
      );
    for (const polygons of found) this.host.drawn(drawnOf(polygons, "polygon", combineOf(start)));
  }

  override cancel(): boolean {
    const had = this.start !== null;
    this.start = null;
    this.crop = null;
    this.host.sketch(null);
    return had;
  }

  /** One list of polygons an object; null outside the picture. */
  private objects(pointer: ToolPointer, most: number): Polygon[][] | null {
    const { start, crop } = this;
    const part = start && crop && cutCrop(crop, boxOf(start.at, pointer.at));
    if (!part) return null;
    if (part.raster.width * part.raster.height > most) return [];
    const masks = objectsIn(part.raster, this.host.options().thresholdKeeps);
    return masks
      .map((mask) => clamped(outlinesOf(mask, part), this.host.size))
      .filter((polygons) => polygons.length > 0);
  }
}
