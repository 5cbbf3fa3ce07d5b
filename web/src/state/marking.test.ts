import { describe, expect, it } from "vitest";
import { type Marks, marked, modeOf, NO_MARKS } from "./marking";

const ORDER = [5, 3, 9, 1, 7];
const ids = (marks: Marks): number[] => [...marks.ids];

describe("marking rows", () => {
  it("takes one alone, adds and takes back with Ctrl", () => {
    const one = marked(NO_MARKS, 3, "replace", ORDER);
    const two = marked(one, 1, "toggle", ORDER);
    expect(ids(two)).toEqual([3, 1]);
    expect(ids(marked(two, 3, "toggle", ORDER))).toEqual([1]);
    expect(ids(marked(two, 9, "replace", ORDER))).toEqual([9]);
  });

  it("takes a range in the order of the list, from the same start again and again", () => {
    const start = marked(NO_MARKS, 9, "replace", ORDER);
    const down = marked(start, 7, "range", ORDER);
    expect(ids(down)).toEqual([9, 1, 7]);
    expect(ids(marked(down, 5, "range", ORDER))).toEqual([5, 3, 9]);
  });

  it("takes one alone where the start of the range is gone", () => {
    expect(ids(marked({ ids: new Set([2]), anchor: 2 }, 3, "range", ORDER))).toEqual([3]);
    expect(ids(marked(NO_MARKS, 3, "range", ORDER))).toEqual([3]);
  });

  it("reads the modifiers of a click", () => {
    const none = { shiftKey: false, ctrlKey: false, metaKey: false };
    expect(modeOf(none)).toBe("replace");
    expect(modeOf({ ...none, metaKey: true })).toBe("toggle");
    expect(modeOf({ ...none, shiftKey: true, ctrlKey: true })).toBe("range");
  });
});
