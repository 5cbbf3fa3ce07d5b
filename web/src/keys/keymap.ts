/** The keys of the app: what they are called, what they do, and how an event is matched. */
import { chordOf, type KeyLike, printed } from "./chords";

export const GROUPS = [
  "Tools",
  "Moving",
  "Drawing",
  "Editing",
  "Selecting and classes",
  "Display",
  "Assist",
  "Review",
  "Labelling",
  "App",
] as const;

export interface Binding {
  readonly action: string;
  /** "Ctrl+Shift+Z"; letters mean the key with that letter. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: (typeof GROUPS)[number];
  /** Only while this is under way; then it goes before others with the same key. */
  readonly when?: "assist" | "review" | "labelling";
}

const TERM_KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

const binding =
  (group: Binding["group"], when?: Binding["when"]) =>
  (action: string, keys: string | readonly string[], label: string): Binding => ({
    action,
    keys: typeof keys === "string" ? [keys] : keys,
    label,
    group,
    ...(when ? { when } : {}),
  });

const tool = binding("Tools");
const moving = binding("Moving");
const drawing = binding("Drawing");
const editing = binding("Editing");
const choosing = binding("Selecting and classes");
const display = binding("Display");
const assist = binding("Assist", "assist");
const review = binding("Review", "review");
const labelling = binding("Labelling", "labelling");
const app = binding("App");

export const DEFAULT_KEYMAP: readonly Binding[] = [
  tool("tool.move", "M", "Move"),
  tool("tool.select", "S", "Select and edit corners"),
  tool("tool.transform", "V", "Move, turn and scale the selection"),
  tool("tool.lasso", "J", "Lasso: select what it encloses"),
  tool("tool.rectangle", "R", "Rectangle"),
  tool("tool.ellipse", "O", "Ellipse"),
  tool("tool.polygon", "P", "Polygon"),
  tool("tool.freehand", "F2", "Freehand"),
  tool("tool.brush", "B", "Brush"),
  tool("tool.eraser", "E", "Eraser"),
  tool("tool.wand", "W", "Magic wand"),
  tool("tool.fill", "C", "Colour fill"),
  tool("tool.threshold", "T", "Threshold in a box"),
  tool("tool.superpixel", "Q", "Superpixels"),
  tool("tool.assist", "A", "Contour assist"),
  tool("tool.point", ".", "Point"),
  tool("tool.line", "L", "Line"),
  tool("tool.arrow", "Shift+A", "Arrow"),
  tool("tool.ruler", "U", "Ruler"),
  tool("tool.angle", "Shift+U", "Angle"),
  tool("tool.split", "X", "Split by a drawn line"),
  tool("tool.classify", "K", "Classify: clicked objects get the active class"),
  moving("view.fit", "0", "Fit the image (class 10 if one has the key 0)"),
  moving("view.full", "Home", "One image pixel a screen pixel"),
  moving("view.in", ["+", "="], "Closer"),
  moving("view.out", "-", "Farther"),
  moving("view.pan", "Space", "Hold to pan in any tool"),
  moving("view.link", "Shift+J", "Link or free the picture beside"),
  moving("plane.up", "ArrowUp", "Next z plane"),
  moving("plane.down", "ArrowDown", "Previous z plane"),
  moving("plane.left", "ArrowLeft", "Previous time point"),
  moving("plane.right", "ArrowRight", "Next time point"),
  moving("image.previous", "PageUp", "Previous image"),
  moving("image.next", "PageDown", "Next image"),
  drawing("shape.finish", "Enter", "Close the polygon, keep what was measured"),
  drawing("shape.back", "Backspace", "Take back the last corner"),
  drawing("shape.cancel", "Escape", "Cancel shape, then selection, then tool"),
  drawing("brush.smaller", "[", "Smaller brush or superpixels"),
  drawing("brush.larger", "]", "Larger brush or superpixels"),
  editing("edit.undo", "Ctrl+Z", "Undo"),
  editing("edit.redo", ["Ctrl+Shift+Z", "Ctrl+Y"], "Redo"),
  editing("edit.delete", "Delete", "Delete the selection"),
  editing("edit.copy", "Ctrl+C", "Copy"),
  editing("edit.paste", "Ctrl+V", "Paste, also into another plane or image"),
  editing("edit.duplicate", "Ctrl+D", "Duplicate"),
  editing("edit.merge", "Ctrl+M", "Merge the selected areas"),
  editing("edit.simplify", "Shift+S", "Simplify: fewer corners"),
  editing("edit.smooth", "Shift+M", "Smooth"),
  editing("edit.grow", "Ctrl+]", "Grow by a pixel"),
  editing("edit.shrink", "Ctrl+[", "Shrink by a pixel"),
  editing("edit.fillHoles", "Shift+F", "Fill holes"),
  editing("edit.invert", "Shift+I", "Invert within the image"),
  editing("edit.lock", "Shift+L", "Lock or unlock the selection"),
  editing("nudge.up", "Shift+ArrowUp", "Move the selection up by a pixel"),
  editing("nudge.down", "Shift+ArrowDown", "Move the selection down by a pixel"),
  editing("nudge.left", "Shift+ArrowLeft", "Move the selection left by a pixel"),
  editing("nudge.right", "Shift+ArrowRight", "Move the selection right by a pixel"),
  editing("copyTo.up", "Ctrl+Shift+ArrowUp", "Copy the selection to the next z plane"),
  editing("copyTo.down", "Ctrl+Shift+ArrowDown", "Copy the selection to the previous z plane"),
  editing("copyTo.left", "Ctrl+Shift+ArrowLeft", "Copy the selection to the previous time point"),
  editing("copyTo.right", "Ctrl+Shift+ArrowRight", "Copy the selection to the next time point"),
  editing("edit.interpolate", "Shift+P", "Fill the planes between two selected areas"),
  choosing("class", TERM_KEYS, "Set the class with this key"),
  choosing("class.search", "/", "Find a class by its name"),
  choosing("select.all", "Ctrl+A", "Select all in view"),
  choosing("select.next", "Tab", "Next object"),
  choosing("select.previous", "Shift+Tab", "Previous object"),
  choosing("select.open", "N", "Next object without a class, or uncertain"),
  display("show.hide", "H", "Hide or show all objects"),
  display("show.fill", "F", "Fill on or off; while drawing: fill holes"),
  display("show.predictions", "Shift+C", "Predictions on or off"),
  display("show.cuts", "Shift+O", "Orthogonal views of a stack"),
  display("show.beside", "Shift+B", "Another picture beside this one"),
  display(
    "channel",
    TERM_KEYS.map((key) => `Ctrl+${key}`),
    "Channel on or off",
  ),
  assist("assist.accept", ["Enter", "Q"], "Accept the suggestion"),
  assist("assist.reject", ["Escape", "Ctrl+Delete"], "Reject the suggestion"),
  assist("assist.invert", "U", "Invert the suggestion"),
  assist("assist.snap", "G", "Snap the suggestion to edges"),
  review("review.accept", "Y", "Accept the prediction"),
  review("review.reject", "N", "Reject the prediction"),
  labelling("labelling.next", "N", "Next object of the queue, next missing landmark"),
  labelling("labelling.accept", "Y", "Accept the suggested class or landmark"),
  app("app.palette", "Ctrl+K", "All commands"),
  app("app.shortcuts", "?", "This list"),
];

export interface Match {
  readonly action: string;
  /** The pressed key without modifiers: the digit of a class or a channel. */
  readonly key: string;
}

export type Context = NonNullable<Binding["when"]>;

/** The bindings that a press means, those of what is under way first. */
export function matchKeys(
  event: KeyLike,
  keymap: readonly Binding[] = DEFAULT_KEYMAP,
  contexts: readonly Context[] = [],
): Match[] {
  const chord = chordOf(event);
  const key = chord.split("+").at(-1) ?? "";
  const found = keymap.filter(({ keys, when }) => keys.includes(chord) && (!when || contexts.includes(when)));
  return found
    .toSorted((a, b) => Number(b.when !== undefined) - Number(a.when !== undefined))
    .map(({ action }) => ({ action, key }));
}

export function matchKey(
  event: KeyLike,
  keymap: readonly Binding[] = DEFAULT_KEYMAP,
  contexts: readonly Context[] = [],
): Match | null {
  return matchKeys(event, keymap, contexts)[0] ?? null;
}

export interface Conflict {
  readonly chord: string;
  readonly actions: readonly string[];
}

/** Chords that two actions claim at the same time; what is meant while something is under way may share. */
export function conflicts(keymap: readonly Binding[]): Conflict[] {
  const claims = new Map<string, Binding[]>();
  for (const one of keymap)
    for (const chord of new Set(one.keys)) claims.set(chord, [...(claims.get(chord) ?? []), one]);
  return [...claims].flatMap(([chord, all]) => {
    const sharing = all.filter((one) => all.some((other) => other !== one && other.when === one.when));
    return sharing.length > 1 ? [{ chord, actions: sharing.map(({ action }) => action) }] : [];
  });
}

/** The keys of an action, for tooltips. */
export function keysOf(action: string, keymap: readonly Binding[] = DEFAULT_KEYMAP): string {
  const found = keymap.find((candidate) => candidate.action === action);
  return found?.keys[0] ? printed(found.keys[0]) : "";
}
