import { describe, expect, it } from "vitest";
import { orderOf, rowsOf } from "./sections";

const index = (terms: (number | null)[]) => ({
  ids: terms.map((_, at) => at + 1),
  term_ids: terms,
  versions: terms.map(() => 1),
  suggested: terms.map(() => false),
});

describe("rows of the gallery", () => {
  it("groups by class, in the order of the classes, and breaks rows", () => {
    const rows = rowsOf(index([7, 3, null, 7, 7]), [3, 7], 2);
    expect(rows.map((row) => (row.kind === "head" ? row.count : row.pictures.map(({ id }) => id)))).toEqual([
      1,
      [2],
      3,
      [1, 4],
      [5],
      1,
      [3],
    ]);
    expect(orderOf(rows)).toEqual([2, 1, 4, 5, 3]);
  });

  it("keeps a heading for classes without objects, and takes unknown classes for none", () => {
    const rows = rowsOf(index([99]), [3], 4);
    expect(rows.map(({ kind, termId }) => [kind, termId])).toEqual([
      ["head", 3],
      ["head", null],
      ["pictures", null],
    ]);
  });

  it("takes a hundred thousand at once", () => {
    const start = performance.now();
    const rows = rowsOf(index(Array.from({ length: 100_000 }, (_, at) => at % 3 || null)), [1, 2], 5);
    expect(orderOf(rows)).toHaveLength(100_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
