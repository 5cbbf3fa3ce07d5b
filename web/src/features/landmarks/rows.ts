/** What the list of landmarks says: which are on this plane, and on how many images each is. */
import type { ImageLandmark, LandmarkDetector, LandmarkMeasure, Landmarks, Term } from "../../api/types";
import type { PointName } from "../../viewer/overlay";

export interface LandmarkLine {
  readonly term: Term;
  /** The point on this plane; undefined where there is none. */
  readonly point: ImageLandmark | undefined;
  /** Images with a person's point, and those with a suggestion alone. */
  readonly placed: number;
  readonly suggested: number;
}

/** Fewer images with a landmark can neither teach nor test. */
export const LEAST_IMAGES = 3;

/** The landmarks in the order in which they are placed. */
export const linesOf = (
  { term_ids, counts }: Landmarks,
  points: readonly ImageLandmark[],
  terms: readonly Term[],
): LandmarkLine[] =>
  term_ids.flatMap((id) => {
    const term = terms.find((one) => one.id === id);
    const count = counts.find(({ term_id }) => term_id === id);
    const point = points.find(({ term_id }) => term_id === id);
    return term ? [{ term, point, placed: count?.placed ?? 0, suggested: count?.suggested ?? 0 }] : [];
  });

/** What stands beside the points on the picture. */
export const namesOf = (lines: readonly LandmarkLine[]): PointName[] =>
  lines.flatMap(({ term, point }) =>
    point
      ? [{ text: term.name, at: [point.x, point.y] as const, isSuggested: point.state === "suggested" }]
      : [],
  );

export const canTrain = (lines: readonly LandmarkLine[]): boolean =>
  lines.length > 0 && lines.every(({ placed }) => placed >= LEAST_IMAGES);

/** What is missing before one can train, in a sentence; null where nothing is. */
export function missingToTrain(lines: readonly LandmarkLine[]): string | null {
  const few = lines.filter(({ placed }) => placed < LEAST_IMAGES);
  if (few.length === 0) return null;
  const names = few.slice(0, 3).map(({ term }) => `“${term.name}”`);
  const more = few.length > 3 ? ` and ${few.length - 3} more` : "";
  return `Training needs each landmark on at least ${LEAST_IMAGES} images (20 are better): place ${names.join(", ")}${more} on more images.`;
}

/** Suggestions on this plane, the least certain first. */
export const suggestionsOf = (lines: readonly LandmarkLine[]): ImageLandmark[] =>
  lines
    .flatMap(({ point }) => (point?.state === "suggested" ? [point] : []))
    .toSorted((a, b) => (a.confidence ?? 0) - (b.confidence ?? 0));

/** The suggestion after the one that is looked at, else the first. */
export function nextSuggestion(lines: readonly LandmarkLine[], current: number | null): ImageLandmark | null {
  const open = suggestionsOf(lines);
  const at = open.findIndex(({ annotation_id }) => annotation_id === current);
  return open[at + 1] ?? open[0] ?? null;
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Median error of all landmarks: the middle one of their medians. */
export function typicalError({ landmarks }: LandmarkDetector): number | null {
  const known = landmarks
    .flatMap(({ median_px }) => (median_px === null ? [] : [median_px]))
    .toSorted((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? null;
}

/** A measure of these landmarks; null while one is missing or is chosen twice. */
export function measureOf(chosen: readonly (number | null)[]): LandmarkMeasure | null {
  const ids = chosen.filter((one) => one !== null);
  return ids.length === chosen.length && new Set(ids).size === ids.length
    ? { name: "", term_ids: ids }
    : null;
}
