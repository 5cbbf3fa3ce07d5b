/** Contour assist: a careless line, a click or a box becomes a dashed outline that is refined, accepted or rejected. */
import { area, clamped, difference, union } from "../../geometry/boolean";
import { boundsOf, boxOf, capsule, rectangle } from "../../geometry/shapes";
import type { Box, Point, Polygon } from "../../geometry/types";
import { extentOf, isEmpty, NOTHING, type Prompt } from "../../inference/prompt";
import { type Crop, cutCrop } from "../../pixels/raster";
import { drawnOf, OUTSIDE } from "./outlines";
import { NO_PICTURE } from "./regions";
import { CLICK_PX, IdleTool, moved, type ToolHost, type ToolPointer } from "./tool";

interface Stroke {
  readonly kind: "add" | "erase";
  last: Point;
  /** All that the brush went over. */
  swept: readonly Polygon[];
  shape: readonly Polygon[];
}

type Drag =
  | Stroke
  | { readonly kind: "line"; readonly start: ToolPointer; readonly points: Point[] }
  | { readonly kind: "box"; readonly start: ToolPointer };

const NOT_FOUND =
  "No object was found there. Draw a line right across it, drag a box around it with Ctrl, or choose region growing.";
const FIRST = "Click or draw over the object first; a right click then takes a part away.";

export class AssistTool extends IdleTool {
  override readonly cursor: string = "crosshair";
  private prompt: Prompt = NOTHING;
  private began: number | null = null;
  private drawing: Drag | null = null;
  private suggestion: readonly Polygon[] | null = null;
  private method = "";
  /** What is inverted within. */
  private frame: Box | null = null;
  private wishes = 0;
  /** What the brush changed, so that a further click does not undo it. */
  private strokes: Stroke[] = [];

  constructor(host: ToolHost) {
    super(host);
    // who takes the tool will soon need the model; where it cannot be had, that is told at the first prompt
    host.assist.method().catch(() => undefined);
  }

  override get hasSuggestion(): boolean {
    return this.suggestion !== null;
  }

  override down(pointer: ToolPointer): boolean {
    this.began ??= performance.now();
    if (this.suggestion && (pointer.shift || pointer.alt)) {
      this.drawing = {
        kind: pointer.alt ? "erase" : "add",
        last: pointer.at,
        swept: [],
        shape: this.suggestion,
      };
      this.dab(this.drawing, pointer);
    } else if (pointer.ctrl || this.host.options().assistDrag === "box") {
      this.drawing = { kind: "box", start: pointer };
    } else {
      this.drawing = { kind: "line", start: pointer, points: [pointer.at] };
    }
    return true;
  }

  override drag(pointer: ToolPointer): void {
    const { drawing } = this;
    if (!drawing) return;
    if ("shape" in drawing) this.dab(drawing, pointer);
    else if (drawing.kind === "line") drawing.points.push(pointer.at);
    this.show(pointer);
  }

  override up(pointer: ToolPointer): void {
    const { drawing } = this;
    this.drawing = null;
    if (!drawing) return;
    if ("shape" in drawing) {
      this.strokes.push(drawing);
      return this.refined(drawing.shape);
    }
    if (moved(drawing.start, pointer) < CLICK_PX && (drawing.kind === "box" || drawing.points.length < 8))
      return this.ask({ ...this.prompt, positives: [...this.prompt.positives, pointer.at] });
    const box = boxOf(drawing.start.at, pointer.at);
    this.strokes = [];
    this.ask(
      drawing.kind === "box" ? { ...NOTHING, box } : { ...NOTHING, line: [...drawing.points, pointer.at] },
    );
  }

  override hover(pointer: ToolPointer): void {
    const refines = this.suggestion !== null && (pointer.shift || pointer.alt);
    this.host.outline(
      refines ? { at: pointer.at, radius: this.host.brushRadius() * pointer.resolution } : null,
    );
  }

  override alternate(pointer: ToolPointer): boolean {
    if (isEmpty(this.prompt)) this.host.say(FIRST);
    else this.ask({ ...this.prompt, negatives: [...this.prompt.negatives, pointer.at] });
    return true;
  }

  override doubleClick(): boolean {
    return true;
  }

  override abort(): void {
    this.drawing = null;
    this.show();
  }

  override command(name: string): boolean {
    if (!this.suggestion) return false;
    if (name === "accept") this.finish();
    else if (name === "reject") this.cancel();
    else if (name === "invert") this.invert();
    else if (name === "snap") void this.snap();
    else return false;
    return true;
  }

  override finish(): void {
    const { suggestion, began, method } = this;
    if (!suggestion) return;
    this.cancel();
    const polygons = clamped(suggestion, this.host.size);
    if (polygons.length === 0) return this.host.say(OUTSIDE);
    this.host.assist.learn(Math.max(...polygons.map(area)));
    const taken = Math.round(performance.now() - (began ?? performance.now()));
    this.host.drawn({ ...drawnOf(polygons), properties: { assist: method, assist_ms: taken } });
  }

  override cancel(): boolean {
    const had = this.suggestion !== null || this.drawing !== null || !isEmpty(this.prompt);
    this.wishes += 1;
    this.prompt = NOTHING;
    this.began = null;
    this.drawing = null;
    this.suggestion = null;
    this.frame = null;
    this.strokes = [];
    this.host.sketch(null);
    this.host.outline(null);
    return had;
  }

  private ask(prompt: Prompt): void {
    const [x0, y0, x1, y1] = extentOf(prompt);
    const { width, height } = this.host.size;
    const isOutside = x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height;
    const crop = isOutside ? null : this.host.crop();
    if (!crop) {
      if (this.suggestion) this.show();
      else this.cancel();
      return this.host.say(isOutside ? OUTSIDE : NO_PICTURE);
    }
    this.prompt = prompt;
    this.show();
    void this.suggested(prompt, crop);
  }

  private async suggested(prompt: Prompt, crop: Crop): Promise<void> {
    this.wishes += 1;
    const wish = this.wishes;
    const found = await this.found(prompt, crop);
    if (wish !== this.wishes || !found) return;
    const polygons = clamped(withStrokes(found.polygons, this.strokes), this.host.size);
    if (polygons.length === 0) {
      this.host.say(NOT_FOUND);
      if (!this.suggestion) this.cancel();
      return;
    }
    this.method = found.method;
    this.suggestion = polygons;
    this.frame = frameOf(prompt, polygons);
    this.show();
  }

  /** By the chosen method; where that cannot be had, by region growing, and that is said. */
  private async found(prompt: Prompt, crop: Crop) {
    const { assist } = this.host;
    try {
      return await assist.suggest(await assist.method(), prompt, crop);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "";
      this.host.say(`The contour could not be found by the model. ${reason} Region growing is used.`);
      return assist.grow(prompt, crop).catch(() => null);
    }
  }

  private dab(drag: Stroke, pointer: ToolPointer): void {
    const radius = this.host.brushRadius() * pointer.resolution;
    const tip: Polygon = [capsule(drag.last, pointer.at, radius)];
    drag.swept = union(drag.swept, [tip]);
    drag.shape = drag.kind === "erase" ? difference(drag.shape, [tip]) : union(drag.shape, [tip]);
    drag.last = pointer.at;
    this.host.outline({ at: pointer.at, radius });
    this.host.sketch({ dashed: drag.shape });
  }

  private refined(shape: readonly Polygon[]): void {
    const inside = clamped(shape, this.host.size);
    if (inside.length > 0) this.suggestion = inside;
    else this.host.say("That would leave nothing. Press Esc to reject the suggestion.");
    this.show();
  }

  private invert(): void {
    const { suggestion, frame } = this;
    if (!suggestion || !frame) return;
    const inverse = clamped(difference([[rectangle(frame)]], suggestion), this.host.size);
    if (inverse.length > 0) this.suggestion = inverse;
    else this.host.say("The suggestion fills the whole box: there is nothing to invert.");
    this.show();
  }

  private async snap(): Promise<void> {
    const { suggestion, wishes } = this;
    const crop = this.host.crop();
    const part = crop && suggestion && cutCrop(crop, grown(boundsOf(suggestion.flat(2)), 0.5));
    if (!suggestion || !part) return this.host.say(NO_PICTURE);
    try {
      const found = await this.host.assist.snap(suggestion, part);
      if (!found || wishes !== this.wishes || this.suggestion !== suggestion) return;
      this.refined(found);
    } catch (error) {
      this.host.say(error instanceof Error ? error.message : "The contour could not be moved.");
    }
  }

  private show(pointer?: ToolPointer): void {
    const { drawing, suggestion } = this;
    if (drawing && "shape" in drawing) return;
    const line = drawing?.kind === "line" ? drawing.points : this.prompt.line;
    const box = drawing?.kind === "box" && pointer ? boxOf(drawing.start.at, pointer.at) : this.prompt.box;
    const open = drawing || !suggestion ? (box && drawing?.kind !== "line" ? closedLine(box) : line) : [];
    if (open.length < 2 && !suggestion) return this.host.sketch(null);
    this.host.sketch({ ...(open.length > 1 ? { open } : {}), ...(suggestion ? { dashed: suggestion } : {}) });
  }
}

const withStrokes = (polygons: readonly Polygon[], strokes: readonly Stroke[]): readonly Polygon[] =>
  polygons.length === 0
    ? polygons
    : strokes.reduce(
        (shape, { kind, swept }) => (kind === "erase" ? difference(shape, swept) : union(shape, swept)),
        polygons,
      );

function closedLine(box: Box): Point[] {
  const ring = rectangle(box);
  return ring[0] ? [...ring, ring[0]] : ring;
}

function grown([x0, y0, x1, y1]: Box, share: number): Box {
  const [dx, dy] = [(x1 - x0) * share + 4, (y1 - y0) * share + 4];
  return [x0 - dx, y0 - dy, x1 + dx, y1 + dy];
}

/** The drawn box, else a box around the suggestion with room on all sides. */
function frameOf(prompt: Prompt, polygons: readonly Polygon[]): Box {
  return prompt.box ?? grown(boundsOf(polygons.flat(2)), 0.25);
}
