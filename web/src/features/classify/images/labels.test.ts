import { describe, expect, it } from "vitest";
import type { Image } from "../../../api/types";
import { canLearn, clicked, countsOf, shownOf } from "./labels";

const image = (id: string, term_id: number | null, term_score: number | null = null): Image =>
  ({ id, term_id, term_score, state: "ready" }) as Image;
const images = [image("a", 1), image("b", 1, 0.9), image("c", 2), image("d", null), image("e", 2, 0.6)];
const plain = { adds: false, extends: false };

describe("classes of images", () => {
  it("are counted by who gave them", () => {
    expect(countsOf(images, [1, 2, 3])).toEqual([
      { termId: 1, labelled: 1, suggested: 1 },
      { termId: 2, labelled: 1, suggested: 1 },
      { termId: 3, labelled: 0, suggested: 0 },
    ]);
    expect(canLearn(countsOf(images, [1, 2]))).toBe(false);
    expect(canLearn(countsOf([...images, image("f", 1), image("g", 2)], [1, 2]))).toBe(true);
  });

  it("choose which images are shown, the least certain first", () => {
    const ids = (...found: Image[]) => found.map(({ id }) => id);
    expect(ids(...shownOf(images, "suggested"))).toEqual(["e", "b"]);
    expect(ids(...shownOf(images, "open"))).toEqual(["d"]);
    expect(ids(...shownOf(images, "term-2"))).toEqual(["c", "e"]);
    expect(shownOf([{ ...image("x", null), state: "importing" }], "all")).toEqual([]);
  });

  it("are given to what is selected", () => {
    const all = ["a", "b", "c", "d"];
    expect(clicked(["a"], all, "c", plain)).toEqual(["c"]);
    expect(clicked(["a"], all, "c", { ...plain, extends: true })).toEqual(["a", "b", "c"]);
    expect(clicked(["d"], all, "b", { ...plain, extends: true })).toEqual(["d", "c", "b"]);
    expect(clicked(["a"], all, "c", { ...plain, adds: true })).toEqual(["a", "c"]);
    expect(clicked(["a", "c"], all, "a", { ...plain, adds: true })).toEqual(["c"]);
  });
});
