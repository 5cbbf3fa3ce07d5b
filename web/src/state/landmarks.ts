/** Landmarks of the shown plane: which there are, and where a click puts the next one. */
import { create } from "zustand";

export interface Landmarking {
  /** The layer on which points are placed as landmarks; null while points are drawn as usual. */
  readonly layerId: string | null;
  /** The classes that are landmarks, in the order in which they are placed. */
  readonly termIds: readonly number[];
  /** The number of the object of each landmark of this plane. */
  readonly points: Readonly<Record<number, number>>;
}

const INITIAL: Landmarking = { layerId: null, termIds: [], points: {} };

export const useLandmarks = create<Landmarking>()(() => INITIAL);

export const landmarks = (): Landmarking => useLandmarks.getState();

export const setLandmarks = (change: Partial<Landmarking>): void => useLandmarks.setState(change);

/** The next landmark after this one that has no point yet, from the beginning again after the last. */
export function nextMissing(after: number | null): number | null {
  const { termIds, points } = landmarks();
  const at = after === null ? -1 : termIds.indexOf(after);
  const ordered = [...termIds.slice(at + 1), ...termIds.slice(0, at + 1)];
  return ordered.find((id) => points[id] === undefined) ?? null;
}
