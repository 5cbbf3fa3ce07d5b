/** Polygon by clicks (or by a dragged stretch), and the freehand lasso. */
import type { Point } from "../../geometry/types";
import { type Combine, combineOf } from "./combine";
import { finishOutline } from "./outlines";
import { CLICK_PX, IdleTool, moved, type ToolPointer } from "./tool";

const NEAR_FIRST_PX = 9;
const STEP_PX = 2;

export class PolygonTool extends IdleTool {
  override readonly cursor = "crosshair";
  protected points: Point[] = [];
  /** The keys at the start of the shape say how it meets the selected object. */
  protected combine: Combine = "new";
  private pressed: ToolPointer | null = null;
  /** How many corners there were before the press under way. */
  private before = 0;

  override down(pointer: ToolPointer): boolean {
    if (this.points.length === 0) this.combine = combineOf(pointer);
    this.pressed = pointer;
    this.before = this.points.length;
    return true;
  }

  override abort(): void {
    this.points.length = Math.min(this.points.length, this.before);
    this.pressed = null;
    this.show();
  }

  override drag(pointer: ToolPointer): void {
    if (!this.pressed || moved(this.pressed, pointer) < CLICK_PX) return;
    if (this.points.length === 0) this.points.push(this.pressed.at);
    this.follow(pointer);
    this.show();
  }

  override up(pointer: ToolPointer): void {
    const pressed = this.pressed;
    this.pressed = null;
    if (!pressed) return;
    if (this.isNearFirst(pointer)) return this.finish();
    if (moved(pressed, pointer) < CLICK_PX) this.points.push(pointer.at);
    this.show(pointer);
  }

  override hover(pointer: ToolPointer): void {
    if (this.points.length > 0) this.show(pointer);
  }

  override doubleClick(pointer: ToolPointer): boolean {
    if (this.points.length === 0) return true;
    const last = this.points.at(-1);
    const before = this.points.at(-2);
    const limit = CLICK_PX * pointer.resolution;
    if (last && before && Math.hypot(last[0] - before[0], last[1] - before[1]) < limit) this.points.pop();
    this.finish();
    return true;
  }

  override finish(): void {
    const points = this.points;
    this.cancel();
    if (points.length > 0) finishOutline(this.host, points, "polygon", this.combine);
  }

  override back(): void {
    this.points.pop();
    this.show();
  }

  override cancel(): boolean {
    const had = this.points.length > 0;
    this.points = [];
    this.pressed = null;
    this.host.sketch(null);
    return had;
  }

  protected follow(pointer: ToolPointer): void {
    const last = this.points.at(-1);
    const step = STEP_PX * pointer.resolution;
    if (!last || Math.hypot(last[0] - pointer.at[0], last[1] - pointer.at[1]) >= step)
      this.points.push(pointer.at);
  }

  private isNearFirst(pointer: ToolPointer): boolean {
    const first = this.points[0];
    if (!first || this.points.length < 3) return false;
    const distance = Math.hypot(first[0] - pointer.at[0], first[1] - pointer.at[1]);
    return distance <= NEAR_FIRST_PX * pointer.resolution;
  }

  private show(pointer?: ToolPointer): void {
    const line = pointer ? [...this.points, pointer.at] : [...this.points];
    if (line.length === 0) this.host.sketch(null);
    else this.host.sketch(line.length > 2 ? { closed: [[line]] } : { open: line });
  }
}

export class FreehandTool extends PolygonTool {
  override down(pointer: ToolPointer): boolean {
    this.points = [pointer.at];
    this.combine = combineOf(pointer);
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.follow(pointer);
    this.host.sketch({ open: [...this.points] });
  }

  override up(): void {
    this.finish();
  }

  override abort(): void {
    this.cancel();
  }

  override hover(): void {}
}
