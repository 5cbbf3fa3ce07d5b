/** What the classes of a project's images say: counts, which are shown, and what a click selects. */
import type { Image } from "../../../api/types";

export type Shown = "all" | "open" | "suggested" | `term-${number}`;

export const isSuggested = ({ term_id, term_score }: Image): boolean =>
  term_id !== null && term_score !== null;
export const isLabelled = ({ term_id, term_score }: Image): boolean =>
  term_id !== null && term_score === null;

export interface TermCount {
  readonly termId: number;
  readonly labelled: number;
  readonly suggested: number;
}

/** Images of each class, in the order of the classes. */
export const countsOf = (images: readonly Image[], termIds: readonly number[]): TermCount[] =>
  termIds.map((termId) => {
    const own = images.filter(({ term_id }) => term_id === termId);
    return {
      termId,
      labelled: own.filter(isLabelled).length,
      suggested: own.filter(isSuggested).length,
    };
  });

const LEAST = 2;

export const canLearn = (counts: readonly TermCount[]): boolean =>
  counts.filter(({ labelled }) => labelled >= LEAST).length >= 2;

/** The images that are asked for; suggestions with the least certain first. */
export function shownOf(images: readonly Image[], shown: Shown): Image[] {
  const ready = images.filter(({ state }) => state === "ready");
  switch (shown) {
    case "all":
      return ready;
    case "open":
      return ready.filter(({ term_id }) => term_id === null);
    case "suggested":
      return ready.filter(isSuggested).toSorted((a, b) => (a.term_score ?? 0) - (b.term_score ?? 0));
    default:
      return ready.filter(({ term_id }) => term_id === Number(shown.slice("term-".length)));
  }
}

interface Modifiers {
  readonly adds: boolean;
  readonly extends: boolean;
}

/** The selection after a click: one image, one more or less, or all from the last one on. */
export function clicked(
  selection: readonly string[],
  ids: readonly string[],
  id: string,
  { adds, extends: reaches }: Modifiers,
): string[] {
  const last = selection.at(-1);
  const from = last === undefined ? -1 : ids.indexOf(last);
  const to = ids.indexOf(id);
  if (reaches && from >= 0) {
    const range = from <= to ? ids.slice(from, to + 1) : ids.slice(to, from + 1).toReversed();
    // what the click was on comes last, so that the next one goes on from it
    return [...selection.filter((one) => !range.includes(one)), ...range];
  }
  if (!adds) return [id];
  return selection.includes(id) ? selection.filter((one) => one !== id) : [...selection, id];
}
