import { describe, expect, it } from "vitest";
import type { Classifier, Labels } from "../../api/types";
import { canTrain, curveOf, newLabels, openIn, rowsOf } from "./counts";

const labels: Labels = {
  can_train_networks: true,
  images: [
    {
      image_id: "a",
      name: "a.png",
      classes: [
        { term_id: 1, labelled: 2, suggested: 5 },
        { term_id: null, labelled: 7, suggested: 0 },
      ],
    },
    { image_id: "b", name: "b.png", classes: [{ term_id: 2, labelled: 1, suggested: 0 }] },
  ],
  total: [
    { term_id: 1, labelled: 2, suggested: 5 },
    { term_id: 2, labelled: 1, suggested: 0 },
    { term_id: null, labelled: 7, suggested: 0 },
  ],
};
const classifier = (version: number, counts: number[], f1: number | null): Classifier => ({
  version,
  title: "",
  classes: [],
  learner: "extra-trees",
  labels: counts,
  images: 1,
  macro_f1: f1,
  accuracy: f1,
  trained_at: null,
  subject: "objects",
});

describe("counts of labels", () => {
  it("are told for this image and for all, also of classes without any", () => {
    expect(rowsOf(labels, "a", [1, 2, 3])).toEqual([
      { termId: 1, here: 2, everywhere: 2, suggestedHere: 5 },
      { termId: 2, here: 0, everywhere: 1, suggestedHere: 0 },
      { termId: 3, here: 0, everywhere: 0, suggestedHere: 0 },
    ]);
    expect(openIn(labels, "a")).toBe(7);
    expect(openIn(labels, "nowhere")).toBe(0);
  });

  it("are enough when two classes have two each", () => {
    const rows = rowsOf(labels, "a", [1, 2]);
    expect(canTrain(rows)).toBe(false);
    expect(canTrain(rows.map((row) => ({ ...row, everywhere: 2 })))).toBe(true);
  });

  it("say how many the newest classifier has not seen", () => {
    const rows = rowsOf(labels, "a", [1, 2]);
    expect(newLabels(rows, undefined)).toBe(0);
    expect(newLabels(rows, classifier(1, [1, 1], 0.5))).toBe(1);
    expect(newLabels(rows, classifier(1, [], null))).toBe(0);
    expect(newLabels(rows, classifier(1, [9, 9], null))).toBe(0);
  });

  it("make a curve of the versions that have a score", () => {
    const found = curveOf([
      classifier(3, [20, 20], 0.9),
      classifier(2, [3, 3], null),
      classifier(1, [4, 4], 0.7),
    ]);
    expect(found).toEqual([
      { version: 1, labels: 8, f1: 0.7 },
      { version: 3, labels: 40, f1: 0.9 },
    ]);
  });
});
