/** Open lines: line, arrow, ruler, angle, and the line that splits. Clicks set points, a drag makes one stretch. */
import { thinned } from "../../geometry/refine";
import { clampPoint } from "../../geometry/shapes";
import type { Point } from "../../geometry/types";
import { OUTSIDE } from "./outlines";
import { CLICK_PX, IdleTool, moved, type ToolPointer } from "./tool";

const EIGHTH = Math.PI / 4;

/** The point in the nearest of eight directions. */
function straightened(from: Point, to: Point): Point {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const angle = Math.round(Math.atan2(to[1] - from[1], to[0] - from[0]) / EIGHTH) * EIGHTH;
  return [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)];
}

abstract class PathTool extends IdleTool {
  override readonly cursor: string = "crosshair";
  /** The line is complete with so many points. */
  protected readonly most: number = Number.POSITIVE_INFINITY;
  protected points: Point[] = [];
  private pressed: ToolPointer | null = null;

  protected abstract take(line: Point[]): void;
  /** What is written beside the line while it is drawn. */
  protected label(_line: readonly Point[]): string {
    return "";
  }

  override down(pointer: ToolPointer): boolean {
    this.pressed = pointer;
    return true;
  }

  override abort(): void {
    this.pressed = null;
    this.show(this.points);
  }

  override drag(pointer: ToolPointer): void {
    if (!this.pressed) return;
    const start = this.points.length > 0 ? [] : [this.pressed.at];
    this.show([...this.points, ...start, this.next(pointer, start[0])]);
  }

  override up(pointer: ToolPointer): void {
    const { pressed } = this;
    this.pressed = null;
    if (!pressed) return;
    const isDrag = moved(pressed, pointer) >= CLICK_PX;
    const isFirst = this.points.length === 0;
    if (isDrag && isFirst) this.points.push(pressed.at);
    this.points.push(this.next(pointer));
    if (this.points.length >= this.most || (isDrag && isFirst && this.most > 3)) this.finish();
    else this.show(this.points);
  }

  override hover(pointer: ToolPointer): void {
    if (this.points.length > 0) this.show([...this.points, this.next(pointer)]);
  }

  override doubleClick(): boolean {
    if (this.points.length > 2) this.points.pop(); // the second click of the two
    this.finish();
    return true;
  }

  override finish(): void {
    const { points } = this;
    if (points.length === 0) return;
    this.cancel();
    const [first, last] = [points[0], points.at(-1)];
    const isDot = points.every((p) => first && Math.hypot(p[0] - first[0], p[1] - first[1]) < 1e-6);
    if (!first || !last || points.length < 2 || isDot) this.host.say("A line needs two points.");
    else if (!points.some((p) => this.isInside(p))) this.host.say(OUTSIDE);
    else this.take(points.map((p) => clampPoint(p, this.host.size)));
  }

  override back(): void {
    this.points.pop();
    this.show(this.points);
  }

  override cancel(): boolean {
    const had = this.points.length > 0;
    this.points = [];
    this.pressed = null;
    this.host.sketch(null);
    return had;
  }

  protected show(line: readonly Point[]): void {
    const at = line.at(-1);
    const text = this.label(line);
    this.host.sketch(at ? { open: [...line], ...(text ? { label: { at, text } } : {}) } : null);
  }

  private next(pointer: ToolPointer, from = this.points.at(-1)): Point {
    return pointer.shift && from ? straightened(from, pointer.at) : pointer.at;
  }

  private isInside([x, y]: Point): boolean {
    const { width, height } = this.host.size;
    return x >= 0 && y >= 0 && x <= width && y <= height;
  }
}

const lineOf = (line: readonly Point[]) => ({
  type: "LineString" as const,
  coordinates: line.map(([x, y]) => [x, y]),
});

export class LineTool extends PathTool {
  protected take(line: Point[]): void {
    this.host.drawn({ kind: "line", geometry: lineOf(line) });
  }
}

export class ArrowTool extends PathTool {
  protected override readonly most = 2;
  protected take(line: Point[]): void {
    this.host.drawn({ kind: "arrow", geometry: lineOf(line) });
  }
}

const lengthOf = (line: readonly Point[]): number =>
  line
    .slice(1)
    .reduce((sum, [x, y], i) => sum + Math.hypot(x - (line[i]?.[0] ?? x), y - (line[i]?.[1] ?? y)), 0);

/** Degrees between the two arms that meet in the second point, 0 to 180. */
export function angleOf([a, b, c]: readonly Point[]): number {
  if (!a || !b || !c) return 0;
  const one = Math.atan2(a[1] - b[1], a[0] - b[0]);
  const other = Math.atan2(c[1] - b[1], c[0] - b[0]);
  const turn = Math.abs(one - other) % (2 * Math.PI);
  return ((turn > Math.PI ? 2 * Math.PI - turn : turn) * 180) / Math.PI;
}

/** Measures without storing; Enter keeps what was measured as an object. */
abstract class MeasuringTool extends PathTool {
  private measured: Point[] | null = null;

  protected abstract keep(line: Point[]): void;

  protected take(line: Point[]): void {
    this.measured = line;
    this.show(line);
  }

  override down(pointer: ToolPointer): boolean {
    this.measured = null;
    return super.down(pointer);
  }

  override finish(): void {
    const { measured } = this;
    if (!measured) return super.finish();
    this.cancel();
    this.keep(measured);
  }

  override doubleClick(): boolean {
    return this.measured ? true : super.doubleClick();
  }

  override cancel(): boolean {
    const had = this.measured !== null;
    this.measured = null;
    return super.cancel() || had;
  }
}

export class RulerTool extends MeasuringTool {
  protected override label(line: readonly Point[]): string {
    const px = lengthOf(line);
    const um = this.host.micrometres(line);
    return um === null ? `${px.toFixed(1)} px` : `${px.toFixed(1)} px = ${um.toFixed(2)} µm`;
  }
  protected keep(line: Point[]): void {
    this.host.drawn({ kind: "line", geometry: lineOf(line) });
  }
}

export class AngleTool extends MeasuringTool {
  protected override readonly most = 3;
  protected override label(line: readonly Point[]): string {
    return line.length === 3 ? `${angleOf(line).toFixed(1)}°` : "";
  }
  protected keep(line: Point[]): void {
    if (line.length === 3) this.host.drawn({ kind: "angle", geometry: lineOf(line) });
    else this.host.say("An angle needs three points: one arm, the corner, the other arm.");
  }
}

/** A line by hand or by clicks; where it goes right through a selected object it cuts it. */
export class SplitTool extends PathTool {
  private stroke: Point[] = [];

  override down(pointer: ToolPointer): boolean {
    this.stroke = [pointer.at];
    return super.down(pointer);
  }

  override drag(pointer: ToolPointer): void {
    this.stroke.push(pointer.at);
    if (this.points.length === 0) this.show(this.stroke);
    else super.drag(pointer);
  }

  override up(pointer: ToolPointer): void {
    const { stroke } = this;
    this.stroke = [];
    if (this.points.length > 0 || stroke.length < 3) return super.up(pointer);
    this.cancel();
    this.host.splitBy(thinned([...stroke, pointer.at], 0.25 * pointer.resolution));
  }

  protected take(line: Point[]): void {
    this.host.splitBy(line);
  }
}
