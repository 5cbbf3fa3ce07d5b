/** What each command does in the viewer. Returns false where there was nothing to do. */
import type { Image, Term } from "../api/types";
import type { Context, Match } from "../keys/keymap";
import { toggled } from "../viewer/channels";
import { TOOL_NAMES, type ToolName } from "../viewer/tools/tool";
import { toggleBeside, toggleLinked } from "./beside";
import * as clipboard from "./clipboard";
import type { Editor } from "./editor";
import { interpolate } from "./interpolating";
import { runLabelling } from "./labelling";
import { runReview } from "./reviewing";
import { cycle, nextOpen, selectAllInView } from "./selecting";
import * as shaping from "./shaping";
import { setBrushRadius, setWorkspace, workspace } from "./workspace";

export type Opens = "shortcuts" | "palette" | "class-search";

export interface CommandWorld {
  readonly image: Image;
  readonly terms: readonly Term[];
  readonly mayDraw: boolean;
  open(dialog: Opens): void;
  goToImage(step: -1 | 1): void;
}

function movePlane(image: Image, axis: "z" | "t", step: number): void {
  const { plane } = workspace();
  const count = axis === "z" ? image.size_z : image.size_t;
  const index = Math.min(count - 1, Math.max(0, plane[axis] + step));
  if (index !== plane[axis]) setWorkspace({ plane: { ...plane, [axis]: index } });
}

/** The class of the selection, else the class of what is drawn next. */
export function chooseTerm(termId: number | null): void {
  const { selection, editor } = workspace();
  setWorkspace({ activeTermId: termId });
  if (selection.length > 0) editor?.setTerm(termId);
}

function cancel(): void {
  const { viewer, selection, editor, region } = workspace();
  if (viewer?.cancelShape()) return;
  if (selection.length > 0) editor?.select([]);
  else if (region) setWorkspace({ region: null });
  else setWorkspace({ tool: "move" });
}

const AXES: Record<string, readonly ["z" | "t", 1 | -1]> = {
  up: ["z", 1],
  down: ["z", -1],
  left: ["t", -1],
  right: ["t", 1],
};

const NUDGES: Record<string, readonly [number, number]> = {
  up: [0, -1],
  down: [0, 1],
  left: [-1, 0],
  right: [1, 0],
};

type Table = Record<string, () => void>;

const viewing = (world: CommandWorld): Table => {
  const { viewer, isHidden, isFilled, showsPredictions, showsCuts, brushRadius } = workspace();
  return {
    "view.fit": () => viewer?.camera.fit(),
    "view.full": () => viewer?.camera.zoomTo(1),
    "view.in": () => viewer?.camera.zoomBy(1.5),
    "view.out": () => viewer?.camera.zoomBy(1 / 1.5),
    "view.pan": () => viewer?.setPanning(true),
    "image.previous": () => world.goToImage(-1),
    "image.next": () => world.goToImage(1),
    "shape.finish": () => viewer?.finishShape(),
    "shape.back": () => viewer?.stepBack(),
    "shape.cancel": cancel,
    "brush.smaller": () => viewer?.resizeTool(1 / 1.25) || setBrushRadius(brushRadius / 1.25 - 0.5),
    "brush.larger": () => viewer?.resizeTool(1.25) || setBrushRadius(brushRadius * 1.25 + 0.5),
    "show.hide": () => setWorkspace({ isHidden: !isHidden }),
    "show.fill": () => viewer?.fillHoles() || setWorkspace({ isFilled: !isFilled }),
    "show.predictions": () => setWorkspace({ showsPredictions: !showsPredictions }),
    "show.cuts": () => setWorkspace({ showsCuts: !showsCuts }),
    "show.beside": toggleBeside,
    "view.link": () => void toggleLinked(),
    "app.shortcuts": () => world.open("shortcuts"),
    "app.palette": () => world.open("palette"),
    "class.search": () => world.open("class-search"),
  };
};

/** Those that change objects need a role that may draw. */
const editing = (editor: Editor): Table => ({
  "edit.undo": () => void editor.undo(),
  "edit.redo": () => void editor.redo(),
  "edit.delete": () => editor.deleteSelection(),
  "edit.paste": () => clipboard.paste(editor),
  "edit.duplicate": () => clipboard.duplicate(editor),
  "edit.merge": () => shaping.merge(editor),
  "edit.simplify": () => shaping.simplify(editor),
  "edit.smooth": () => shaping.smooth(editor),
  "edit.grow": () => shaping.grow(editor),
  "edit.shrink": () => shaping.shrink(editor),
  "edit.fillHoles": () => shaping.fillHoles(editor),
  "edit.invert": () => shaping.invert(editor),
  "edit.lock": () => editor.toggleLock(),
  "edit.interpolate": () => interpolate(editor),
});

const selecting = (editor: Editor): Table => ({
  "edit.copy": () => void clipboard.copy(editor),
  "select.all": () => void selectAllInView(editor),
  "select.next": () => void cycle(editor, 1),
  "select.previous": () => void cycle(editor, -1),
  "select.open": () => void nextOpen(editor),
});

/** Tools that change nothing: for people who may only look. */
export const LOOKING: readonly ToolName[] = ["move", "select", "lasso", "ruler", "angle"];

const isTool = (name: string): name is ToolName => TOOL_NAMES.some((tool) => tool === name);

function runFamily(family: string, name: string, world: CommandWorld): boolean {
  const { editor, viewer } = workspace();
  const axis = AXES[name];
  const nudge = NUDGES[name];
  if (family === "plane" && axis) movePlane(world.image, ...axis);
  else if (family === "tool" && isTool(name)) return takeTool(name, world);
  else if (family === "nudge" && nudge && editor && world.mayDraw) shaping.nudge(editor, ...nudge);
  else if (family === "copyTo" && axis && editor && world.mayDraw) clipboard.copyToPlane(editor, ...axis);
  else if (family === "review") return world.mayDraw && runReview(name);
  else if (family === "labelling") return world.mayDraw && runLabelling(name);
  else if (family === "assist") return viewer?.toolCommand(name) ?? false;
  else return false;
  return true;
}

function takeTool(name: ToolName, world: CommandWorld): boolean {
  if (!world.mayDraw && !LOOKING.includes(name)) return false;
  setWorkspace({ tool: name });
  return true;
}

export function runCommand({ action, key }: Match, world: CommandWorld): boolean {
  const term = world.terms.find(({ hotkey }) => hotkey?.toUpperCase() === key);
  if (action === "class" || (action === "view.fit" && term)) {
    const chosen = term ?? termAt(Number(key), world.terms);
    if (chosen) chooseTerm(chosen.id);
    return chosen !== undefined;
  }
  if (action === "channel") return toggleChannel(Number(key) - 1);
  const [family = "", name = ""] = action.split(".");
  if (runFamily(family, name, world)) return true;
  const { editor } = workspace();
  const run =
    viewing(world)[action] ??
    (editor ? selecting(editor)[action] : undefined) ??
    (editor && world.mayDraw ? editing(editor)[action] : undefined);
  run?.();
  return run !== undefined;
}

/** Classes without keys of their own are counted from 1. */
const termAt = (number: number, terms: readonly Term[]): Term | undefined =>
  terms.some(({ hotkey }) => hotkey) ? undefined : terms[number - 1];

export function toggleChannel(index: number): boolean {
  const { channels } = workspace();
  if (channels[index]) setWorkspace({ channels: toggled(channels, index) });
  return channels[index] !== undefined;
}

/** Letters of the ontology that are no command of the app. */
export function runTermKey(key: string, terms: readonly Term[]): boolean {
  const term = terms.find(({ hotkey }) => hotkey?.toUpperCase() === key.toUpperCase());
  if (term) chooseTerm(term.id);
  return term !== undefined;
}

/** What is under way, and has keys of its own. */
export function contexts(): Context[] {
  const { tab, viewer } = workspace();
  return [
    ...(viewer?.hasSuggestion ? (["assist"] as const) : []),
    ...(tab === "review" ? (["review"] as const) : []),
    ...(tab === "classify" || tab === "landmarks" ? (["labelling"] as const) : []),
  ];
}
