/** The keys of the app: what they are called, what they do, and how an event is matched. */

export interface Binding {
  readonly action: string;
  /** "Ctrl+Shift+Z"; letters mean the key with that letter. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: "Tools" | "Moving" | "Drawing" | "Objects and classes" | "Display" | "App";
}

const TERM_KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export const DEFAULT_KEYMAP: readonly Binding[] = [
  { action: "tool.move", keys: ["M"], label: "Move", group: "Tools" },
  { action: "tool.select", keys: ["S"], label: "Select and edit corners", group: "Tools" },
  { action: "tool.rectangle", keys: ["R"], label: "Rectangle", group: "Tools" },
  { action: "tool.ellipse", keys: ["O"], label: "Ellipse", group: "Tools" },
  { action: "tool.polygon", keys: ["P"], label: "Polygon", group: "Tools" },
  { action: "tool.freehand", keys: ["F2"], label: "Freehand", group: "Tools" },
  { action: "tool.brush", keys: ["B"], label: "Brush", group: "Tools" },
  { action: "tool.eraser", keys: ["E"], label: "Eraser", group: "Tools" },
  { action: "tool.point", keys: ["."], label: "Point", group: "Tools" },
  {
    action: "view.fit",
    keys: ["0"],
    label: "Fit the image (class 10 if one has the key 0)",
    group: "Moving",
  },
  { action: "view.full", keys: ["Home"], label: "One image pixel a screen pixel", group: "Moving" },
  { action: "view.in", keys: ["+", "="], label: "Closer", group: "Moving" },
  { action: "view.out", keys: ["-"], label: "Farther", group: "Moving" },
  { action: "view.pan", keys: ["Space"], label: "Hold to pan in any tool", group: "Moving" },
  { action: "plane.up", keys: ["ArrowUp"], label: "Next z plane", group: "Moving" },
  { action: "plane.down", keys: ["ArrowDown"], label: "Previous z plane", group: "Moving" },
  { action: "plane.left", keys: ["ArrowLeft"], label: "Previous time point", group: "Moving" },
  { action: "plane.right", keys: ["ArrowRight"], label: "Next time point", group: "Moving" },
  { action: "image.previous", keys: ["PageUp"], label: "Previous image", group: "Moving" },
  { action: "image.next", keys: ["PageDown"], label: "Next image", group: "Moving" },
  { action: "shape.finish", keys: ["Enter"], label: "Close the polygon", group: "Drawing" },
  { action: "shape.back", keys: ["Backspace"], label: "Take back the last corner", group: "Drawing" },
  {
    action: "shape.cancel",
    keys: ["Escape"],
    label: "Cancel shape, then selection, then tool",
    group: "Drawing",
  },
  { action: "brush.smaller", keys: ["["], label: "Smaller brush", group: "Drawing" },
  { action: "brush.larger", keys: ["]"], label: "Larger brush", group: "Drawing" },
  { action: "edit.undo", keys: ["Ctrl+Z"], label: "Undo", group: "Objects and classes" },
  { action: "edit.redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], label: "Redo", group: "Objects and classes" },
  { action: "edit.delete", keys: ["Delete"], label: "Delete the selection", group: "Objects and classes" },
  { action: "class", keys: TERM_KEYS, label: "Set the class with this key", group: "Objects and classes" },
  { action: "show.hide", keys: ["H"], label: "Hide or show all objects", group: "Display" },
  { action: "show.fill", keys: ["F"], label: "Fill on or off", group: "Display" },
  {
    action: "channel",
    keys: TERM_KEYS.map((key) => `Ctrl+${key}`),
    label: "Channel on or off",
    group: "Display",
  },
  { action: "app.shortcuts", keys: ["?"], label: "This list", group: "App" },
];

export interface KeyLike {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const PRINTED_WITH_SHIFT = /^[^a-z0-9]$/i;

/** The name of what was pressed, as it is written in a binding. */
export function chordOf(event: KeyLike): string {
  const name = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  // a sign such as "?" already says that shift was held
  if (event.shiftKey && !PRINTED_WITH_SHIFT.test(event.key)) parts.push("Shift");
  return [...parts, name].join("+");
}

export interface Match {
  readonly action: string;
  /** The pressed key without modifiers: the digit of a class or a channel. */
  readonly key: string;
}

export function matchKey(event: KeyLike, keymap: readonly Binding[] = DEFAULT_KEYMAP): Match | null {
  const chord = chordOf(event);
  const binding = keymap.find(({ keys }) => keys.includes(chord));
  return binding ? { action: binding.action, key: chord.split("+").at(-1) ?? "" } : null;
}

/** Chords that two bindings claim. */
export function conflicts(keymap: readonly Binding[]): string[] {
  const all = keymap.flatMap(({ keys }) => keys);
  return [...new Set(all.filter((key, i) => all.indexOf(key) !== i))];
}

/** True while the user writes: then no key is a command. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  const quiet = ["checkbox", "radio", "button", "range", "color", "submit"];
  return target.tagName === "INPUT" && !quiet.includes((target as HTMLInputElement).type);
}

/** How a chord is written for people. */
export const printed = (chord: string): string =>
  chord
    .replace("ArrowUp", "↑")
    .replace("ArrowDown", "↓")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→")
    .replace("PageUp", "PgUp")
    .replace("PageDown", "PgDn")
    .replace("Escape", "Esc")
    .replace("Delete", "Del");

/** The keys of an action, for tooltips. */
export function keysOf(action: string, keymap: readonly Binding[] = DEFAULT_KEYMAP): string {
  const binding = keymap.find((candidate) => candidate.action === action);
  return binding?.keys[0] ? printed(binding.keys[0]) : "";
}
