/** What a tool is, and what it may do to the picture. */
import type { Affine } from "../../geometry/transform";
import type { Box, Geometry, Point, Polygon, Size } from "../../geometry/types";
import type { PixelDesk } from "../../pixels/desk";
import type { Crop } from "../../pixels/raster";
import type { ContourAssist } from "../contourAssist";
import type { Combine } from "./combine";
import type { ToolOptions } from "./options";

export const TOOL_NAMES = [
  "move",
  "select",
  "rectangle",
  "ellipse",
  "polygon",
  "freehand",
  "brush",
  "eraser",
  "point",
  "line",
  "arrow",
  "ruler",
  "angle",
  "lasso",
  "split",
  "transform",
  "classify",
  "wand",
  "fill",
  "threshold",
  "superpixel",
  "assist",
  "region",
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export type DrawnKind =
  | "point"
  | "line"
  | "arrow"
  | "angle"
  | "polygon"
  | "multipolygon"
  | "rectangle"
  | "ellipse";

export interface Drawn {
  readonly kind: DrawnKind;
  readonly geometry: Geometry;
  /** How it meets the selected object and its neighbours; "new" unless told. */
  readonly combine?: Combine;
  /** What is to be remembered about how it was made. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

/** A place under the pointer. `at` may lie outside the image. */
export interface ToolPointer {
  readonly at: Point;
  readonly pixel: readonly [number, number];
  /** Image pixels a screen pixel. */
  readonly resolution: number;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
}

export interface EditTarget {
  readonly id: number;
  readonly polygons: readonly Polygon[];
}

/** A selected object of any kind that the user may change. */
export interface Placed {
  readonly id: number;
  readonly geometry: Geometry;
}

/** The unfinished shape: `open` is a line, `closed` an area. */
export interface Sketch {
  readonly open?: readonly Point[];
  readonly closed?: readonly Polygon[];
  /** What waits for a yes or no, or lies below the pointer. */
  readonly dashed?: readonly Polygon[];
  readonly handles?: readonly Point[];
  readonly label?: { readonly at: Point; readonly text: string };
}

export interface ToolHost {
  readonly size: Size;
  /** Radius of brush and eraser in screen pixels. */
  brushRadius(): number;
  /** The one selected object, where it is an area that the user may change. */
  target(): EditTarget | null;
  /** All selected objects that the user may change. */
  placed(): readonly Placed[];
  sketch(shape: Sketch | null): void;
  /** Shows the selected object with another outline than the saved one. */
  preview(polygons: readonly Polygon[] | null): void;
  /** Shows the selection with other geometries than the saved ones. */
  previewAll(geometries: readonly Geometry[]): void;
  outline(circle: { at: Point; radius: number } | null): void;
  drawn(shape: Drawn): void;
  edited(id: number, polygons: readonly Polygon[]): void;
  /** Objects moved, turned or scaled. */
  replaced(objects: readonly Placed[], affine: Affine): void;
  splitBy(line: readonly Point[]): void;
  lassoed(area: readonly Polygon[], mode: "replace" | "toggle"): void;
  classify(pixel: readonly [number, number]): void;
  /** Length of a line; null where the image has no scale. */
  micrometres(line: readonly Point[]): number | null;
  region(geometry: Geometry): void;
  pick(pixel: readonly [number, number], mode: "replace" | "toggle"): void;
  boxed(box: Box, mode: "replace" | "toggle"): void;
  say(message: string): void;
  /** What is in sight, as pixels; null while nothing of it is drawn. */
  crop(): Crop | null;
  /** Changes when something else is in sight. */
  sight(): string;
  options(): ToolOptions;
  setOptions(change: Partial<ToolOptions>): void;
  readonly desk: PixelDesk;
  readonly assist: ContourAssist;
}

export interface Tool {
  readonly cursor: string;
  /** True while an outline waits to be accepted or rejected. */
  readonly hasSuggestion: boolean;
  /** True where the tool takes the drag; else the picture pans. */
  down(pointer: ToolPointer): boolean;
  drag(pointer: ToolPointer): void;
  up(pointer: ToolPointer): void;
  hover(pointer: ToolPointer): void;
  /** A click that was no drag and that `down` did not take. */
  click(pointer: ToolPointer): void;
  /** True where the tool had a use for it. */
  doubleClick(pointer: ToolPointer): boolean;
  /** The other mouse button; true where the tool had a use for it. */
  alternate(pointer: ToolPointer): boolean;
  /** A key of the tool's own, "accept" for example; true where it had a use for it. */
  command(name: string): boolean;
  /** Larger or smaller by a factor; false where the tool has no size of its own. */
  resize(factor: number): boolean;
  finish(): void;
  /** Closes the holes of the unfinished shape; false where there is none. */
  fillHoles(): boolean;
  /** One step back in the unfinished shape. */
  back(): void;
  /** Gives up the unfinished shape; false where there was none. */
  cancel(): boolean;
  /** Gives up what the press under way began (a second finger came down); what was there before stays. */
  abort(): void;
}

/** A tool that does nothing: others replace what they need. */
export abstract class IdleTool implements Tool {
  readonly cursor: string = "default";
  constructor(protected readonly host: ToolHost) {}
  get hasSuggestion(): boolean {
    return false;
  }
  down(_pointer: ToolPointer): boolean {
    return false;
  }
  drag(_pointer: ToolPointer): void {}
  up(_pointer: ToolPointer): void {}
  hover(_pointer: ToolPointer): void {}
  click(_pointer: ToolPointer): void {}
  doubleClick(_pointer: ToolPointer): boolean {
    return false;
  }
  alternate(_pointer: ToolPointer): boolean {
    return false;
  }
  command(_name: string): boolean {
    return false;
  }
  resize(_factor: number): boolean {
    return false;
  }
  finish(): void {}
  fillHoles(): boolean {
    return false;
  }
  back(): void {}
  cancel(): boolean {
    return false;
  }
  abort(): void {
    this.cancel();
  }
}

export const moved = (a: ToolPointer, b: ToolPointer): number =>
  Math.hypot(a.pixel[0] - b.pixel[0], a.pixel[1] - b.pixel[1]);

/** Below this many screen pixels a drag is a click. */
export const CLICK_PX = 4;
