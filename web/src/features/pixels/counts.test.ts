import { describe, expect, it } from "vitest";
import type { PixelClassifier, ScribbledImage, Term } from "../../api/types";
import { canTrain, likelyBackground, materialOf, newScribbles, rowsOf, wantedClasses } from "./counts";

const term = (id: number, name: string) => ({ id, name, color: "#000000" }) as Term;
const TERMS = [term(1, "Nucleus"), term(2, "Background"), term(3, "Debris")];
const IMAGES: ScribbledImage[] = [
  { image_id: "a", name: "a", layer_id: "x", classes: [{ term_id: 1, count: 3 }] },
  {
    image_id: "b",
    name: "b",
    layer_id: "y",
    classes: [
      { term_id: 1, count: 1 },
      { term_id: 2, count: 2 },
    ],
  },
];
const version = (part: Partial<PixelClassifier>) =>
  ({
    classes: [{ name: "Nucleus" }, { name: "Debris" }],
    background: null,
    scribbles: [2, 2],
    ...part,
  }) as PixelClassifier;

describe("counts of scribbles", () => {
  it("tells those of this image and of all", () => {
    expect(rowsOf(IMAGES, "a", TERMS).map(({ here, everywhere }) => [here, everywhere])).toEqual([
      [3, 4],
      [0, 2],
      [0, 0],
    ]);
  });

  it("have something to teach while the newest version has learnt from others", () => {
    const rows = rowsOf(IMAGES, "a", TERMS);
    expect(materialOf(rows, undefined)).toBe("1:4,2:2,3:0");
    expect(materialOf(rows, version({ scribbles: [4, 1] }))).toBe("1:4,2:2,3:0");
    expect(materialOf(rows, version({ scribbles: [5, 3] }))).toBe("1:4,2:2,3:0"); // two were taken back
    expect(materialOf(rows, version({ scribbles: [4, 2] }))).toBeNull();
    expect(materialOf(rowsOf(IMAGES.slice(0, 1), "a", TERMS), undefined)).toBeNull();
  });

  it("needs two classes to train", () => {
    expect(canTrain(rowsOf(IMAGES, "a", TERMS))).toBe(true);
    expect(canTrain(rowsOf(IMAGES.slice(0, 1), "a", TERMS))).toBe(false);
  });

  it("counts what the newest version has not seen, and never less than none", () => {
    const rows = rowsOf(IMAGES, "a", TERMS);
    expect(newScribbles(rows, version({}))).toBe(2);
    expect(newScribbles(rows, version({ scribbles: [9] }))).toBe(0);
    expect(newScribbles(rows, version({ scribbles: [] }))).toBe(0);
    expect(newScribbles(rows, undefined)).toBe(0);
  });

  it("takes the newest version's background, else a class of that name", () => {
    const rows = rowsOf(IMAGES, "a", TERMS);
    expect(likelyBackground(rows, undefined)).toBe(2);
    expect(likelyBackground(rows, version({ background: 1 }))).toBe(3);
    expect(likelyBackground(rows.slice(0, 1), undefined)).toBeNull();
  });

  it("wants objects of all classes but the background", () => {
    expect(wantedClasses(version({ background: 1 }))).toEqual(["Nucleus"]);
    expect(wantedClasses(version({}))).toEqual(["Nucleus", "Debris"]);
  });
});
