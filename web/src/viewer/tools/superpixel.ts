/** Quick selection: the picture in patches of like colour; those under the pointer add up to an object. */
import { clamped, difference, union } from "../../geometry/boolean";
import type { Polygon } from "../../geometry/types";
import { smoothed } from "../../pixels/outlines";
import { type Crop, pixelAt, toImagePolygons } from "../../pixels/raster";
import { type Superpixels, superpixelPolygons } from "../../pixels/slic";
import { superpixelSide } from "./options";
import { drawnOf, OUTSIDE } from "./outlines";
import { IdleTool, type ToolPointer } from "./tool";

interface Patches {
  readonly sight: string;
  readonly side: number;
  readonly crop: Crop;
  readonly found: Superpixels;
}

/** The view has to rest so long before it is divided anew. */
const REST_MS = 80;

export class SuperpixelTool extends IdleTool {
  override readonly cursor: string = "crosshair";
  private patches: Patches | null = null;
  private asked = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private shape: Polygon[] = [];
  private pointer: ToolPointer | null = null;
  private taken = new Set<number>();
  private isPressed = false;

  override down(pointer: ToolPointer): boolean {
    this.isPressed = true;
    this.taken = new Set();
    this.hover(pointer);
    this.take(pointer);
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.pointer = pointer;
    this.take(pointer);
  }

  override up(): void {
    this.isPressed = false;
  }

  override hover(pointer: ToolPointer): void {
    this.pointer = pointer;
    this.refresh(pointer.resolution);
    this.show();
  }

  override doubleClick(): boolean {
    this.finish();
    return true;
  }

  override finish(): void {
    const polygons = clamped(smoothed(this.shape, this.patches?.crop.step ?? 1), this.host.size);
    const had = this.shape.length > 0;
    this.cancel();
    if (polygons.length > 0) this.host.drawn(drawnOf(polygons));
    else if (had) this.host.say(OUTSIDE);
  }

  override cancel(): boolean {
    const had = this.shape.length > 0;
    clearTimeout(this.timer);
    this.shape = [];
    this.taken = new Set();
    this.isPressed = false;
    this.host.sketch(null);
    return had;
  }

  override resize(factor: number): boolean {
    const side = superpixelSide(this.host.options().superpixelSide * factor);
    this.host.setOptions({ superpixelSide: side });
    if (this.pointer) this.refresh(this.pointer.resolution);
    return true;
  }

  /** Divides what is in sight, unless that is done or under way. */
  private refresh(resolution: number): void {
    const side = this.host.options().superpixelSide;
    const wanted = `${this.host.sight()} ${side}`;
    if (wanted === this.asked) return;
    this.asked = wanted;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.divide(side, resolution), this.patches ? REST_MS : 0);
  }

  private async divide(side: number, resolution: number): Promise<void> {
    const sight = this.host.sight();
    const crop = this.host.crop();
    if (!crop) {
      this.asked = "";
      return;
    }
    const pixels = Math.max(3, Math.round((side * resolution) / crop.step));
    try {
      const found = await this.host.desk.ask("superpixels", { raster: crop.raster, side: pixels });
      if (!found || this.asked !== `${sight} ${side}`) return;
      this.patches = { sight, side, crop, found };
      this.show();
    } catch (error) {
      this.host.say(error instanceof Error ? error.message : "The picture could not be divided.");
    }
  }

  private labelAt(pointer: ToolPointer): number | null {
    const { patches } = this;
    if (!patches || patches.sight !== this.host.sight()) return null;
    const index = pixelAt(patches.crop, pointer.at);
    const label = index === null ? -1 : (patches.found.labels[index] ?? -1);
    return label < 0 ? null : label;
  }

  private take(pointer: ToolPointer): void {
    const label = this.labelAt(pointer);
    if (label === null && this.taken.size === 0 && !this.patches)
      return this.host.say("The picture is still being divided. Click again in a moment.");
    if (label === null || this.taken.has(label)) return;
    this.taken.add(label);
    const patch = this.outlineOf(label);
    this.shape = pointer.alt ? difference(this.shape, patch) : union(this.shape, patch);
    this.show();
  }

  private outlineOf(label: number): Polygon[] {
    return this.patches
      ? toImagePolygons(superpixelPolygons(this.patches.found, label), this.patches.crop)
      : [];
  }

  private show(): void {
    const label = this.pointer && !this.isPressed ? this.labelAt(this.pointer) : null;
    const dashed = label === null ? [] : this.outlineOf(label);
    if (this.shape.length === 0 && dashed.length === 0) this.host.sketch(null);
    else this.host.sketch({ closed: this.shape, dashed });
  }
}
