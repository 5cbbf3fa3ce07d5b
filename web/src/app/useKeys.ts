/** Key presses of the viewer page. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ontologyQuery } from "../api/projects";
import { isTyping, matchKey } from "../keys/keymap";
import { type CommandWorld, runCommand, runTermKey } from "../state/commands";
import { workspace } from "../state/workspace";

/** A dialog has its own keys. */
const isBusy = (): boolean =>
  [...document.querySelectorAll("[role=dialog], [role=menu], [role=listbox]")].some(
    (element) => element.getClientRects().length > 0,
  );

export function useKeys(projectId: string, world: Omit<CommandWorld, "terms">): void {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  useEffect(() => {
    const whole = { ...world, terms: ontology?.terms ?? [] };
    const down = (event: KeyboardEvent) => {
      if (isTyping(event.target) || isBusy()) return;
      const match = matchKey(event);
      const isOnControl =
        event.target instanceof HTMLElement && event.target.closest("button, a, [role=tab], [role=slider]");
      // a focused button keeps Enter, Space and its arrows
      if (isOnControl && match && ["shape.finish", "view.pan"].includes(match.action)) return;
      if (
        isOnControl &&
        match?.action.startsWith("plane.") &&
        isOnControl.matches("[role=tab], [role=slider]")
      )
        return;
      const done = match ? runCommand(match, whole) : isPlain(event) && runTermKey(event.key, whole.terms);
      if (done) event.preventDefault();
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === " ") workspace().viewer?.setPanning(false);
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
    };
  });
}

const isPlain = (event: KeyboardEvent): boolean => !event.ctrlKey && !event.metaKey && !event.altKey;
