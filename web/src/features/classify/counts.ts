/** What the counts of labels say: whether there is enough to train, and whether it is time to train again. */
import type { Classifier, Labels } from "../../api/types";

export const LEAST_PER_CLASS = 2;
/** So many new labels are worth another training. */
export const WORTH_TRAINING = 10;

export interface ClassRow {
  readonly termId: number;
  readonly here: number;
  readonly everywhere: number;
  readonly suggestedHere: number;
}

/** Counts of every class, in the order of the classes. */
export function rowsOf(labels: Labels, imageId: string, termIds: readonly number[]): ClassRow[] {
  const here = labels.images.find(({ image_id }) => image_id === imageId)?.classes ?? [];
  return termIds.map((termId) => {
    const own = here.find(({ term_id }) => term_id === termId);
    return {
      termId,
      here: own?.labelled ?? 0,
      everywhere: labels.total.find(({ term_id }) => term_id === termId)?.labelled ?? 0,
      suggestedHere: own?.suggested ?? 0,
    };
  });
}

export const canTrain = (rows: readonly ClassRow[]): boolean =>
  rows.filter(({ everywhere }) => everywhere >= LEAST_PER_CLASS).length >= 2;

/** Objects of an image that have no class at all. */
export const openIn = (labels: Labels, imageId: string): number =>
  labels.images
    .find(({ image_id }) => image_id === imageId)
    ?.classes.filter(({ term_id }) => term_id === null)
    .reduce((sum, { labelled, suggested }) => sum + labelled + suggested, 0) ?? 0;

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Labels that the newest classifier has not seen. */
export function newLabels(rows: readonly ClassRow[], newest: Classifier | undefined): number {
  if (!newest || newest.labels.length === 0) return 0;
  return Math.max(0, sum(rows.map(({ everywhere }) => everywhere)) - sum(newest.labels));
}

export interface CurvePoint {
  readonly version: number;
  readonly labels: number;
  readonly f1: number;
}

/** Quality against labels, one point a version, by labels. */
export const curveOf = (versions: readonly Classifier[]): CurvePoint[] =>
  versions
    .flatMap(({ version, labels, macro_f1 }) =>
      macro_f1 === null || macro_f1 === undefined ? [] : [{ version, labels: sum(labels), f1: macro_f1 }],
    )
    .toSorted((a, b) => a.labels - b.labels || a.version - b.version);
