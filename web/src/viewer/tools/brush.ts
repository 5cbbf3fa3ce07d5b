/** Brush and eraser: a round tip that adds to an object or takes away from it. */
import { clamped, contains, difference, union } from "../../geometry/boolean";
import { filled } from "../../geometry/refine";
import { capsule } from "../../geometry/shapes";
import type { Point, Polygon } from "../../geometry/types";
import { type Combine, combineOf } from "./combine";
import { drawnOf, OUTSIDE } from "./outlines";
import { type EditTarget, IdleTool, type ToolPointer } from "./tool";

type Stroke =
  | { readonly mode: "new"; readonly target: null; readonly combine: Combine }
  | { readonly mode: "add" | "erase"; readonly target: EditTarget };

export class BrushTool extends IdleTool {
  override readonly cursor: string = "none";
  private stroke: Stroke | null = null;
  private shape: Polygon[] = [];
  private last: Point | null = null;

  override down(pointer: ToolPointer): boolean {
    this.stroke = this.begin(pointer);
    if (!this.stroke) return true;
    this.shape = this.stroke.target ? [...this.stroke.target.polygons] : [];
    this.last = pointer.at;
    this.dab(pointer);
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.hover(pointer);
    if (this.stroke) this.dab(pointer);
  }

  override up(): void {
    const { stroke, shape } = this;
    this.cancel();
    if (!stroke) return;
    const inside = clamped(shape, this.host.size);
    if (stroke.mode === "new") {
      if (inside.length === 0) this.host.say(OUTSIDE);
      else this.host.drawn(drawnOf(inside, "polygon", stroke.combine));
    } else {
      this.host.edited(stroke.target.id, inside);
    }
  }

  override hover(pointer: ToolPointer): void {
    this.host.outline({ at: pointer.at, radius: this.host.brushRadius() * pointer.resolution });
  }

  override cancel(): boolean {
    const had = this.stroke !== null;
    this.stroke = null;
    this.last = null;
    this.host.sketch(null);
    this.host.preview(null);
    return had;
  }

  override fillHoles(): boolean {
    if (!this.stroke) return false;
    this.shape = filled(this.shape);
    this.show();
    return true;
  }

  protected begin(pointer: ToolPointer): Stroke | null {
    const target = this.host.target();
    const combine = combineOf(pointer);
    if (combine === "subtract") return this.erasing(target);
    if (combine === "avoid" || combine === "intersect") return { mode: "new", target: null, combine };
    const isInside = target?.polygons.some((polygon) => contains(polygon, pointer.at));
    return target && (isInside || combine === "add")
      ? { mode: "add", target }
      : { mode: "new", target: null, combine: "new" };
  }

  protected erasing(target: EditTarget | null): Stroke | null {
    if (target) return { mode: "erase", target };
    this.host.say("Select one object of an editable layer first, then erase from it.");
    return null;
  }

  private dab(pointer: ToolPointer): void {
    const radius = this.host.brushRadius() * pointer.resolution;
    const tip: Polygon = [capsule(this.last ?? pointer.at, pointer.at, radius)];
    const isErasing = this.stroke?.mode === "erase";
    this.shape = isErasing ? difference(this.shape, [tip]) : union(this.shape, [tip]);
    this.last = pointer.at;
    this.show();
  }

  private show(): void {
    if (this.stroke?.target) this.host.preview(this.shape);
    else this.host.sketch({ closed: this.shape });
  }
}

export class EraserTool extends BrushTool {
  protected override begin(_pointer: ToolPointer): Stroke | null {
    return this.erasing(this.host.target());
  }
}
