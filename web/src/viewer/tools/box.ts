/** Rectangle and ellipse, and the region of a segmentation: dragged from corner to corner. */
import { clamped } from "../../geometry/boolean";
import { geometryOf } from "../../geometry/geojson";
import { boxOf, ellipse, rectangle, squareCorner } from "../../geometry/shapes";
import type { Ring } from "../../geometry/types";
import { type Combine, combineOf } from "./combine";
import { finishOutline, OUTSIDE } from "./outlines";
import { CLICK_PX, IdleTool, moved, type ToolPointer } from "./tool";

abstract class BoxTool extends IdleTool {
  override readonly cursor: string = "crosshair";
  private start: ToolPointer | null = null;

  protected abstract ring(from: ToolPointer, to: ToolPointer): Ring;
  protected abstract take(ring: Ring, combine: Combine): void;

  override down(pointer: ToolPointer): boolean {
    this.start = pointer;
    return true;
  }

  override drag(pointer: ToolPointer): void {
    if (this.start) this.host.sketch({ closed: [[this.ring(this.start, pointer)]] });
  }

  override up(pointer: ToolPointer): void {
    const start = this.start;
    this.cancel();
    if (!start) return;
    if (moved(start, pointer) < CLICK_PX) this.host.say("Drag from one corner to the other.");
    else this.take(this.ring(start, pointer), combineOf(start));
  }

  override cancel(): boolean {
    const had = this.start !== null;
    this.start = null;
    this.host.sketch(null);
    return had;
  }

  /** Shift makes the sides equal, unless it was held at the start, where it adds to the selected object. */
  protected corner(from: ToolPointer, to: ToolPointer): readonly [number, number] {
    const isAdding = from.shift && this.host.target() !== null;
    return to.shift && !isAdding ? squareCorner(from.at, to.at) : to.at;
  }
}

export class RectangleTool extends BoxTool {
  protected ring(from: ToolPointer, to: ToolPointer): Ring {
    return rectangle(boxOf(from.at, this.corner(from, to)));
  }
  protected take(ring: Ring, combine: Combine): void {
    finishOutline(this.host, ring, "rectangle", combine);
  }
}

export class EllipseTool extends BoxTool {
  protected ring(from: ToolPointer, to: ToolPointer): Ring {
    return ellipse(boxOf(from.at, this.corner(from, to)));
  }
  protected take(ring: Ring, combine: Combine): void {
    finishOutline(this.host, ring, "ellipse", combine);
  }
}

export class RegionTool extends RectangleTool {
  protected override take(ring: Ring): void {
    const inside = clamped([[ring]], this.host.size);
    if (inside.length === 0) this.host.say(OUTSIDE);
    else this.host.region(geometryOf(inside));
  }
}
