/** What the counts of scribbles say: whether there is enough to train, and whether there are new ones. */
import type { PixelClassifier, ScribbledImage, Term } from "../../api/types";

export interface ScribbleRow {
  readonly term: Term;
  readonly here: number;
  readonly everywhere: number;
}

const countOf = (image: ScribbledImage, termId: number): number =>
  image.classes.find(({ term_id }) => term_id === termId)?.count ?? 0;

/** Scribbles of every class, in the order of the classes. */
export const rowsOf = (
  images: readonly ScribbledImage[],
  imageId: string,
  terms: readonly Term[],
): ScribbleRow[] =>
  terms.map((term) => ({
    term,
    here: sum(images.filter(({ image_id }) => image_id === imageId).map((one) => countOf(one, term.id))),
    everywhere: sum(images.map((one) => countOf(one, term.id))),
  }));

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

export const canTrain = (rows: readonly ScribbleRow[]): boolean =>
  rows.filter(({ everywhere }) => everywhere > 0).length >= 2;

/** Scribbles that the newest version has not seen. */
export const newScribbles = (rows: readonly ScribbleRow[], newest: PixelClassifier | undefined): number =>
  newest && newest.scribbles.length > 0
    ? Math.max(0, sum(rows.map(({ everywhere }) => everywhere)) - sum(newest.scribbles))
    : 0;

/** The scribbles as a word, where they can teach something that the newest version does not know; else null. */
export function materialOf(rows: readonly ScribbleRow[], newest: PixelClassifier | undefined): string | null {
  const counts = rows.map(({ everywhere }) => everywhere);
  if (!canTrain(rows) || (newest && sum(counts) === sum(newest.scribbles))) return null;
  return rows.map(({ term, everywhere }) => `${term.id}:${everywhere}`).join();
}

const NAMED_BACKGROUND = /^(back)?ground$|^outside$|^nothing$/i;

/** The class that is taken for the background until one is chosen: the newest version's, else one of that name. */
export function likelyBackground(
  rows: readonly ScribbleRow[],
  newest: PixelClassifier | undefined,
): number | null {
  const name = newest?.background === null ? undefined : newest?.classes[newest?.background ?? -1]?.name;
  const named = rows.find(({ term }) =>
    name === undefined ? NAMED_BACKGROUND.test(term.name) : term.name === name,
  );
  return named?.term.id ?? null;
}

/** The classes whose objects are wanted: all but the background. */
export const wantedClasses = ({ classes, background }: PixelClassifier): string[] =>
  classes.flatMap(({ name }, place) => (place === background ? [] : [name]));
