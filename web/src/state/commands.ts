/** What each key does in the viewer. Returns false where there was nothing to do. */
import type { Image, Term } from "../api/types";
import type { Match } from "../keys/keymap";
import { toggled } from "../viewer/channels";
import { TOOL_NAMES, type ToolName } from "../viewer/tools/tool";
import { setBrushRadius, setWorkspace, workspace } from "./workspace";

export interface CommandWorld {
  readonly image: Image;
  readonly terms: readonly Term[];
  openShortcuts(): void;
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

const PLANES: Record<string, readonly ["z" | "t", number]> = {
  up: ["z", 1],
  down: ["z", -1],
  left: ["t", -1],
  right: ["t", 1],
};

function simple(action: string, world: CommandWorld): (() => void) | undefined {
  const { viewer, editor, isHidden, isFilled, brushRadius } = workspace();
  const table: Record<string, () => void> = {
    "view.fit": () => viewer?.fit(),
    "view.full": () => viewer?.zoomTo(1),
    "view.in": () => viewer?.zoomBy(1.5),
    "view.out": () => viewer?.zoomBy(1 / 1.5),
    "view.pan": () => viewer?.setPanning(true),
    "image.previous": () => world.goToImage(-1),
    "image.next": () => world.goToImage(1),
    "shape.finish": () => viewer?.finishShape(),
    "shape.back": () => viewer?.stepBack(),
    "shape.cancel": cancel,
    "brush.smaller": () => setBrushRadius(brushRadius / 1.25 - 0.5),
    "brush.larger": () => setBrushRadius(brushRadius * 1.25 + 0.5),
    "edit.undo": () => void editor?.undo(),
    "edit.redo": () => void editor?.redo(),
    "edit.delete": () => editor?.deleteSelection(),
    "show.hide": () => setWorkspace({ isHidden: !isHidden }),
    "show.fill": () => setWorkspace({ isFilled: !isFilled }),
    "app.shortcuts": () => world.openShortcuts(),
  };
  return table[action];
}

export function runCommand({ action, key }: Match, world: CommandWorld): boolean {
  const term = world.terms.find(({ hotkey }) => hotkey?.toUpperCase() === key);
  if ((action === "class" || action === "view.fit") && term) {
    chooseTerm(term.id);
    return true;
  }
  const [family = "", name = ""] = action.split(".");
  const move = PLANES[name];
  if (family === "plane" && move) movePlane(world.image, ...move);
  else if (family === "tool" && isTool(name)) setWorkspace({ tool: name });
  else if (action === "channel") toggleChannel(Number(key) - 1);
  else {
    const run = simple(action, world);
    if (!run) return false;
    run();
  }
  return true;
}

const isTool = (name: string): name is ToolName => TOOL_NAMES.some((tool) => tool === name);

export function toggleChannel(index: number): void {
  const { channels } = workspace();
  if (channels[index]) setWorkspace({ channels: toggled(channels, index) });
}

/** Letters of the ontology that are no command of the app. */
export function runTermKey(key: string, terms: readonly Term[]): boolean {
  const term = terms.find(({ hotkey }) => hotkey?.toUpperCase() === key.toUpperCase());
  if (term) chooseTerm(term.id);
  return term !== undefined;
}
