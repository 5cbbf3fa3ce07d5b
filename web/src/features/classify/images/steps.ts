/** Steps of giving images classes, to be taken back and done again. What somebody changed since stays as it is. */
import { create } from "zustand";
import type { Image, ImageClass } from "../../../api/types";

/** The classes of some images before and after. */
export interface Step {
  readonly before: readonly ImageClass[];
  readonly after: readonly ImageClass[];
}

export interface Steps {
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

export const NO_STEPS: Steps = { past: [], future: [] };
const MOST = 100;

/** By project, as long as the page is open. */
export const useSteps = create<Record<string, Steps>>()(() => ({}));

/** Classes that are on their way to the server, by image: what comes from there meanwhile may be older. */
export const usePending = create<Record<string, ImageClass>>()(() => ({}));

export const withPending = (images: readonly Image[], pending: Record<string, ImageClass>): Image[] =>
  images.map((image) => {
    const given = pending[image.id];
    return given ? { ...image, term_id: given.term_id, term_score: given.term_score } : image;
  });

export const givenOf = ({ id, term_id, term_score }: Image): ImageClass => ({
  image_id: id,
  term_id,
  term_score,
});

const same = (a: ImageClass, b: ImageClass): boolean =>
  a.term_id === b.term_id && a.term_score === b.term_score;

/** With one step more; what was taken back cannot be done again then. */
export const recorded = ({ past }: Steps, step: Step): Steps => ({
  past: [...past, step].slice(-MOST),
  future: [],
});

export const undone = ({ past, future }: Steps): Steps => ({
  past: past.slice(0, -1),
  future: [...future, ...past.slice(-1)],
});

export const redone = ({ past, future }: Steps): Steps => ({
  past: [...past, ...future.slice(-1)],
  future: future.slice(0, -1),
});

/** Those of `wanted` whose images are still as `known` says. */
export function stillSo(
  images: readonly Image[],
  known: readonly ImageClass[],
  wanted: readonly ImageClass[],
): ImageClass[] {
  const now = new Map(images.map((image) => [image.id, givenOf(image)]));
  return wanted.filter((_, at) => {
    const expected = known[at];
    const found = expected && now.get(expected.image_id);
    return expected !== undefined && found !== undefined && same(found, expected);
  });
}

/** What gives images other classes: those that have them already are left out; null where none is left. */
export function stepTo(images: readonly Image[], next: (image: Image) => ImageClass): Step | null {
  const changed = images.filter((image) => !same(givenOf(image), next(image)));
  return changed.length === 0 ? null : { before: changed.map(givenOf), after: changed.map(next) };
}
