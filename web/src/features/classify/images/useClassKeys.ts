/** Keys of the grid: those of the classes, Y to agree, Backspace to take a class away, arrows, N for the next, Ctrl+Z. */
import { useEffect, useRef } from "react";
import type { Image, Term } from "../../../api/types";
import { isTyping } from "../../../keys/chords";

interface Desk {
  readonly terms: readonly Term[];
  readonly images: readonly Image[];
  readonly selection: readonly string[];
  onSelect(ids: string[]): void;
  onGive(termId: number | null): void;
  onAccept(): void;
  onUndo(): void;
  onRedo(): void;
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, n: 1 };

function moved({ images, selection, onSelect }: Desk, by: number): boolean {
  const at = images.findIndex(({ id }) => id === selection.at(-1));
  const next = images[at < 0 ? 0 : at + by];
  if (!next) return false;
  onSelect([next.id]);
  document.querySelector(`[data-class-image="${next.id}"]`)?.scrollIntoView({ block: "nearest" });
  return true;
}

function done(key: string, desk: Desk): boolean {
  const step = STEPS[key];
  if (step !== undefined) return moved(desk, step);
  if (key === "Escape") {
    desk.onSelect([]);
    return true;
  }
  if (desk.selection.length === 0) return false;
  if (key === "y") desk.onAccept();
  else if (key === "Backspace" || key === "Delete") desk.onGive(null);
  else {
    const term = desk.terms.find(({ hotkey }) => hotkey === key);
    if (!term) return false;
    desk.onGive(term.id);
  }
  return true;
}

function travelled({ key, shiftKey }: KeyboardEvent, { onUndo, onRedo }: Desk): boolean {
  const letter = key.toLowerCase();
  if (letter === "z" && !shiftKey) onUndo();
  else if (letter === "y" || letter === "z") onRedo();
  else return false;
  return true;
}

/** A dialog or an open list has its own keys. */
const isBusy = (): boolean =>
  [...document.querySelectorAll("[role=dialog], [role=menu], [role=listbox]")].some(
    (element) => element.getClientRects().length > 0,
  );

export function useClassKeys(desk: Desk): void {
  const latest = useRef(desk);
  latest.current = desk;
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.altKey || isTyping(event.target) || isBusy()) return;
      if (event.ctrlKey || event.metaKey) {
        if (travelled(event, latest.current)) event.preventDefault();
        return;
      }
      const control =
        event.target instanceof HTMLElement && event.target.closest("[role=tab], [role=slider]");
      if (control && event.key.startsWith("Arrow")) return;
      if (done(event.key, latest.current)) event.preventDefault();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
}
