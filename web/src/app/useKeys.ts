/** Key presses of the viewer page. */
import { useEffect } from "react";
import { chordOf, isTyping } from "../keys/chords";
import { type Match, matchKeys } from "../keys/keymap";
import { pasteText } from "../state/clipboard";
import { type CommandWorld, contexts, runCommand, runTermKey } from "../state/commands";
import { keymap } from "../state/keys";
import { workspace } from "../state/workspace";

/** A dialog has its own keys. */
const isBusy = (): boolean =>
  [...document.querySelectorAll("[role=dialog], [role=menu], [role=listbox]")].some(
    (element) => element.getClientRects().length > 0,
  );

const CONTROLS = "button, a, [role=tab], [role=slider], [role=row], [role=option], [role=separator]";

/** Whether a focused control has a use of its own for the key. */
function isTaken(target: EventTarget | null, { action }: Match): boolean {
  const control = target instanceof HTMLElement ? target.closest(CONTROLS) : null;
  if (action.startsWith("select.")) {
    // Tab walks through the page, unless the picture itself has the focus
    const isPicture = target === document.body || (target as HTMLElement | null)?.closest?.(".stage-map");
    return ["select.next", "select.previous"].includes(action) && !isPicture;
  }
  if (!control) return false;
  if (["shape.finish", "view.pan"].includes(action)) return true;
  return action.startsWith("plane.") && control.matches("[role=tab], [role=slider]");
}

/** Copying text that is marked stays copying text. */
const isCopyingText = ({ action }: Match): boolean =>
  action === "edit.copy" && (window.getSelection()?.toString() ?? "") !== "";

let pasting: ReturnType<typeof setTimeout> | undefined;
const NO_PASTE_MS = 120;
/** When was pasted without the browser's clipboard, ms: what it hands over after that is the same once more. */
let pastedWithout = Number.NEGATIVE_INFINITY;
const LATE_PASTE_MS = 2000;

export function useKeys(world: CommandWorld): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (isTyping(event.target) || isBusy()) return;
      const matches = matchKeys(event, keymap(), contexts());
      if (matches[0]?.action === "edit.paste" && chordOf(event) === "Ctrl+V") {
        // the browser hands over its clipboard a moment later, unless it may not
        pastedWithout = Number.NEGATIVE_INFINITY;
        pasting = setTimeout(() => {
          pastedWithout = performance.now();
          runCommand({ action: "edit.paste", key: "" }, world);
        }, NO_PASTE_MS);
        return;
      }
      const done =
        matches.length > 0
          ? matches.some(
              (match) => !isTaken(event.target, match) && !isCopyingText(match) && runCommand(match, world),
            )
          : isPlain(event) && runTermKey(event.key, world.terms);
      if (done) event.preventDefault();
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === " ") workspace().viewer?.setPanning(false);
    };
    const paste = (event: ClipboardEvent) => {
      clearTimeout(pasting);
      if (performance.now() - pastedWithout < LATE_PASTE_MS) return;
      const { editor } = workspace();
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!isTyping(event.target) && !isBusy() && editor && world.mayDraw) pasteText(editor, text);
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("paste", paste);
    };
  });
}

const isPlain = (event: KeyboardEvent): boolean => !event.ctrlKey && !event.metaKey && !event.altKey;
