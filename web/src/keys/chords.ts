/** How pressed keys are named, and when they are meant for a field instead. */

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
