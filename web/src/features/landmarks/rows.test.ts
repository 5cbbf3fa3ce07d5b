import { describe, expect, it } from "vitest";
import type { ImageLandmark, LandmarkDetector, Landmarks, Term } from "../../api/types";
import {
  canTrain,
  linesOf,
  measureOf,
  missingToTrain,
  namesOf,
  nextSuggestion,
  suggestionsOf,
  typicalError,
} from "./rows";

const term = (id: number, name: string) => ({ id, name, color: "#000000" }) as Term;
const TERMS = [term(1, "snout"), term(2, "eye"), term(3, "tail")];
const PLAN = {
  term_ids: [3, 1, 9],
  counts: [
    { term_id: 3, placed: 4, suggested: 1 },
    { term_id: 1, placed: 2, suggested: 0 },
  ],
} as unknown as Landmarks;
const point = (term_id: number, confidence: number | null) =>
  ({
    term_id,
    annotation_id: 10 * term_id,
    confidence,
    state: confidence === null ? "placed" : "suggested",
  }) as ImageLandmark;

describe("the list of landmarks", () => {
  it("has the order of the plan, without classes that are gone", () => {
    const lines = linesOf(PLAN, [point(1, 0.4)], TERMS);
    expect(lines.map(({ term: { name }, placed, point: at }) => [name, placed, at?.confidence])).toEqual([
      ["tail", 4, undefined],
      ["snout", 2, 0.4],
    ]);
  });

  it("names the points that there are", () => {
    const placed = { ...point(1, null), x: 3, y: 4 };
    const lines = linesOf(PLAN, [placed, { ...point(3, 0.4), x: 5, y: 6 }], TERMS);
    expect(namesOf(lines)).toEqual([
      { text: "tail", at: [5, 6], isSuggested: true },
      { text: "snout", at: [3, 4], isSuggested: false },
    ]);
  });

  it("says what is missing before one can train", () => {
    const lines = linesOf(PLAN, [], TERMS);
    expect(canTrain(lines)).toBe(false);
    expect(missingToTrain(lines)).toContain("place “snout” on more images");
    expect(canTrain(lines.slice(0, 1))).toBe(true);
    expect(missingToTrain(lines.slice(0, 1))).toBeNull();
    expect(canTrain([])).toBe(false);
  });

  it("goes through suggestions, the least certain first", () => {
    const lines = linesOf(PLAN, [point(1, 0.9), point(3, 0.2)], TERMS);
    expect(suggestionsOf(lines).map(({ term_id }) => term_id)).toEqual([3, 1]);
    expect(nextSuggestion(lines, null)?.term_id).toBe(3);
    expect(nextSuggestion(lines, 30)?.term_id).toBe(1);
    expect(nextSuggestion(lines, 10)?.term_id).toBe(3);
    expect(nextSuggestion(linesOf(PLAN, [point(1, null)], TERMS), null)).toBeNull();
  });

  it("tells a typical error where one is known", () => {
    const detector = (...medians: (number | null)[]) =>
      ({ landmarks: medians.map((median_px) => ({ median_px })) }) as LandmarkDetector;
    expect(typicalError(detector(3, null, 1, 2))).toBe(2);
    expect(typicalError(detector(null))).toBeNull();
  });

  it("measures between landmarks that are chosen, each once", () => {
    expect(measureOf([1, 2])).toEqual({ name: "", term_ids: [1, 2] });
    expect(measureOf([1, null])).toBeNull();
    expect(measureOf([1, 2, 1])).toBeNull();
  });
});
