import { describe, expect, it } from "vitest";
import { area, contains } from "./boolean";
import { between } from "./interpolate";
import { circle, rectangle } from "./shapes";
import type { Polygon } from "./types";

const total = (polygons: readonly Polygon[]): number => polygons.reduce((sum, p) => sum + area(p), 0);

describe("between", () => {
  const small: Polygon = [circle([50, 50], 10)];
  const large: Polygon = [circle([50, 50], 30)];

  it("is the first at 0 and the second at 1, to the grid", () => {
    expect(total(between([small], [large], 0)) / area(small)).toBeCloseTo(1, 1);
    expect(total(between([small], [large], 1)) / area(large)).toBeCloseTo(1, 1);
  });

  it("has the middle radius halfway", () => {
    expect(Math.sqrt(total(between([small], [large], 0.5)) / Math.PI)).toBeCloseTo(20, 0);
  });

  it("moves with the shapes that overlap", () => {
    const [found] = between([[circle([40, 50], 20)]], [[circle([60, 50], 20)]], 0.5);
    expect(contains(found ?? [], [50, 50])).toBe(true);
    expect(total([found ?? []]) / (Math.PI * 400)).toBeGreaterThan(0.7);
  });

  it("keeps a hole, and parts apart", () => {
    const ring: Polygon = [rectangle([0, 0, 40, 40]), rectangle([10, 10, 30, 30])];
    const [found] = between([ring], [ring], 0.5);
    expect(found).toHaveLength(2);
    expect(area(found ?? [])).toBeGreaterThan(1150);
    const two: Polygon[] = [[rectangle([0, 0, 10, 10])], [rectangle([30, 0, 40, 10])]];
    expect(between(two, two, 0.3)).toHaveLength(2);
  });

  it("is nothing between nothing", () => {
    expect(between([], [], 0.5)).toEqual([]);
  });
});
