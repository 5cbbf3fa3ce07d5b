import { describe, expect, it } from "vitest";
import { binned, idsInGate, nearestPoint, rangesOf } from "./bins";

describe("a gate", () => {
  const ids = [7, 8, 9, 10];
  const xs = [1, 2, null, 4];
  const ys = [10, 20, 30, Number.NaN];

  it("takes what lies between, edges included", () => {
    expect(idsInGate(ids, xs, ys, { x: [1, 2] })).toEqual([7, 8]);
    expect(idsInGate(ids, xs, ys, { x: [1, 4], y: [15, 40] })).toEqual([8]);
  });

  it("takes only what is in the groups it was drawn across", () => {
    const groupOf = (at: number) => ["one", "two", "two", "one"][at];
    expect(idsInGate(ids, xs, ys, { x: [0, 9], among: ["one"] }, groupOf)).toEqual([7, 10]);
    expect(idsInGate(ids, xs, ys, { x: [0, 9], among: ["one", "two"] }, groupOf)).toEqual([7, 8, 10]);
  });

  it("leaves out what has no value", () => {
    expect(idsInGate(ids, xs, ys, { x: [-99, 99] })).toEqual([7, 8, 10]);
    expect(idsInGate(ids, xs, ys, { x: [-99, 99], y: [-99, 99] })).toEqual([7, 8]);
  });
});

describe("bins", () => {
  it("hold every value once", () => {
    const bins = binned([1, 2, 3, null, 4, Number.NaN, 4]);
    expect(bins?.counts.reduce((sum, n) => sum + n, 0)).toBe(5);
    expect(binned([null])).toBeNull();
  });
});

describe("the nearest point", () => {
  it("lies within reach or is none", () => {
    expect(nearestPoint([0, 10], [0, 0], { x: 8, y: 1 }, 5)).toBe(1);
    expect(nearestPoint([0, 10], [0, 0], { x: 5, y: 9 }, 5)).toBeNull();
  });
});

describe("a gate as ranges", () => {
  it("names the measurements, and leaves out bounds that are none", () => {
    expect(rangesOf({ x: [Number.NEGATIVE_INFINITY, 3] }, "area", "mean")).toEqual({ area: [null, 3] });
    expect(rangesOf({ x: [1, 2], y: [0.5, Number.POSITIVE_INFINITY] }, "area", "mean")).toEqual({
      area: [1, 2],
      mean: [0.5, null],
    });
  });
});
