/** Keymaps for people who come from elsewhere, and the user's own changes. */
import { type Binding, DEFAULT_KEYMAP } from "./keymap";

export type Keys = Readonly<Record<string, readonly string[]>>;

export interface Preset {
  readonly name: string;
  readonly label: string;
  /** What differs from the default. */
  readonly keys: Keys;
}

export const PRESETS: readonly Preset[] = [
  { name: "default", label: "Default", keys: {} },
  {
    name: "qupath",
    label: "QuPath",
    keys: {
      "tool.line": ["L", "V"],
      "tool.transform": ["Shift+T"],
      "show.hide": ["A", "H"],
      "tool.assist": ["G"],
      "select.all": ["Ctrl+Alt+A", "Ctrl+A"],
    },
  },
  {
    name: "cvat",
    label: "CVAT",
    keys: {
      "tool.polygon": ["N", "P"],
      "select.open": ["Shift+N"],
      "edit.merge": ["M", "Ctrl+M"],
      "tool.move": ["Shift+V"],
      "image.next": ["F", "PageDown"],
      "image.previous": ["D", "PageUp"],
      "show.fill": ["Shift+G"],
      "edit.lock": ["L"],
      "tool.line": ["Shift+K"],
    },
  },
  {
    name: "imagej",
    label: "ImageJ",
    keys: {
      "plane.up": [".", "ArrowUp"],
      "plane.down": [",", "ArrowDown"],
      "tool.point": ["Shift+X"],
      "view.full": ["4", "Home"],
      "view.fit": ["5", "0"],
      class: ["1", "2", "3", "6", "7", "8", "9"],
    },
  },
];

/** The default with the changes of a preset and of the user. */
export function keymapOf(presetName: string, own: Keys = {}): readonly Binding[] {
  const preset = PRESETS.find(({ name }) => name === presetName)?.keys ?? {};
  return DEFAULT_KEYMAP.map((one) => ({ ...one, keys: own[one.action] ?? preset[one.action] ?? one.keys }));
}

/** What was kept of a user's keys, as far as it makes sense. */
export function parseKeys(text: string | null): { preset: string; own: Keys } {
  const none = { preset: "default", own: {} };
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null) return none;
    const { preset, own } = value as { preset?: unknown; own?: unknown };
    const entries = typeof own === "object" && own !== null ? Object.entries(own) : [];
    const known = new Set(DEFAULT_KEYMAP.map(({ action }) => action));
    const sound = entries.filter(
      (entry): entry is [string, string[]] =>
        known.has(entry[0]) && Array.isArray(entry[1]) && entry[1].every((key) => typeof key === "string"),
    );
    const name = PRESETS.some((one) => one.name === preset) ? String(preset) : "default";
    return { preset: name, own: Object.fromEntries(sound) };
  } catch {
    return none;
  }
}
