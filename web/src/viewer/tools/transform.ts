/** Moving, turning and scaling the selection by the handles of its box. */
import { rectangle } from "../../geometry/shapes";
import { type Affine, boundsOfAll, moved, scaled, transformed, turned } from "../../geometry/transform";
import type { Box, Geometry, Point } from "../../geometry/types";
import { CLICK_PX, IdleTool, moved as movedPx, type Placed, type ToolPointer } from "./tool";

const REACH_PX = 10;
const TURN_STEP = Math.PI / 12;

type Grip =
  | { readonly kind: "move" }
  | { readonly kind: "turn" }
  | { readonly kind: "scale"; readonly anchor: Point; readonly at: Point };

interface Hold {
  readonly grip: Grip;
  readonly start: ToolPointer;
  readonly box: Box;
  readonly objects: readonly Placed[];
  affine: Affine;
}

const middle = ([x0, y0, x1, y1]: Box): Point => [(x0 + x1) / 2, (y0 + y1) / 2];

export class TransformTool extends IdleTool {
  override readonly cursor: string = "default";
  private hold: Hold | null = null;

  override down(pointer: ToolPointer): boolean {
    const objects = this.host.placed();
    const box = boundsOfAll(objects.map(({ geometry }) => geometry));
    const grip = box && this.gripAt(box, pointer);
    if (!box || !grip) return false;
    this.hold = { grip, start: pointer, box, objects, affine: moved(0, 0) };
    return true;
  }

  override drag(pointer: ToolPointer): void {
    const { hold } = this;
    if (!hold) return;
    hold.affine = affineOf(hold, pointer);
    const shapes = hold.objects.map(({ geometry }) => transformed<Geometry>(geometry, hold.affine));
    this.host.previewAll(shapes);
  }

  override up(pointer: ToolPointer): void {
    const { hold } = this;
    this.cancel();
    if (hold && movedPx(hold.start, pointer) >= CLICK_PX) this.host.replaced(hold.objects, hold.affine);
  }

  override click(pointer: ToolPointer): void {
    this.host.pick(pointer.pixel, pointer.ctrl || pointer.shift ? "toggle" : "replace");
  }

  override hover(pointer: ToolPointer): void {
    const box = boundsOfAll(this.host.placed().map(({ geometry }) => geometry));
    this.host.sketch(
      box ? { closed: [[rectangle(box)]], handles: handlesOf(box, pointer.resolution) } : null,
    );
  }

  override cancel(): boolean {
    const had = this.hold !== null;
    this.hold = null;
    this.host.sketch(null);
    this.host.preview(null);
    return had;
  }

  private gripAt(box: Box, { at, resolution }: ToolPointer): Grip | null {
    const reach = REACH_PX * resolution;
    const corners = rectangle(box);
    const index = corners.findIndex(([x, y]) => Math.hypot(x - at[0], y - at[1]) <= reach);
    const anchor = corners[(index + 2) % 4];
    const corner = corners[index];
    if (corner && anchor) return { kind: "scale", anchor, at: corner };
    const [hx, hy] = turnHandle(box, resolution);
    if (Math.hypot(hx - at[0], hy - at[1]) <= reach) return { kind: "turn" };
    const isInside = at[0] >= box[0] && at[0] <= box[2] && at[1] >= box[1] && at[1] <= box[3];
    return isInside ? { kind: "move" } : null;
  }
}

/** Above the box, a little away from it. */
const turnHandle = (box: Box, resolution: number): Point => [middle(box)[0], box[1] - 24 * resolution];

const handlesOf = (box: Box, resolution: number): Point[] => [...rectangle(box), turnHandle(box, resolution)];

function affineOf({ grip, start, box }: Hold, pointer: ToolPointer): Affine {
  const [dx, dy] = [pointer.at[0] - start.at[0], pointer.at[1] - start.at[1]];
  if (grip.kind === "move") return moved(dx, dy);
  const [cx, cy] = middle(box);
  if (grip.kind === "turn") {
    const from = Math.atan2(start.at[1] - cy, start.at[0] - cx);
    const angle = Math.atan2(pointer.at[1] - cy, pointer.at[0] - cx) - from;
    return turned([cx, cy], pointer.shift ? Math.round(angle / TURN_STEP) * TURN_STEP : angle);
  }
  const sx = ratio(grip.at[0] + dx - grip.anchor[0], grip.at[0] - grip.anchor[0]);
  const sy = ratio(grip.at[1] + dy - grip.anchor[1], grip.at[1] - grip.anchor[1]);
  // Shift lets the sides go their own ways
  return pointer.shift ? scaled(grip.anchor, sx, sy) : scaled(grip.anchor, Math.max(sx, sy));
}

/** Never less than a hundredth, so that nothing is turned inside out or lost. */
const ratio = (now: number, before: number): number => (before === 0 ? 1 : Math.max(0.01, now / before));
