import { describe, expect, it } from "vitest";
import { area } from "./boolean";
import { evenly, filled, grown, simplified, smoothed, thinned } from "./refine";
import { circle, rectangle } from "./shapes";
import { split } from "./split";
import { boundsOfAll, moved, placed, scaled, transformed, turned } from "./transform";
import type { Geometry, Point, Polygon } from "./types";

const total = (polygons: readonly Polygon[]): number => polygons.reduce((sum, p) => sum + area(p), 0);
const disc = (r: number): Polygon => [circle([50, 50], r)];

describe("simplified", () => {
  it("keeps the corners of a square and drops those on its sides", () => {
    const dense: Polygon = [evenly(rectangle([0, 0, 10, 10]), 400)];
    const [found] = simplified([dense], 0.2);
    expect(found?.[0]).toHaveLength(4);
    expect(total([found ?? []])).toBeCloseTo(100, 6);
  });

  it("moves the outline of a disc by no more than the tolerance", () => {
    const [found] = simplified([disc(40)], 0.5);
    const ring = found?.[0] ?? [];
    expect(ring.length).toBeLessThan(40);
    for (const [x, y] of ring) expect(Math.abs(Math.hypot(x - 50, y - 50) - 40)).toBeLessThan(0.51);
    expect(total([found ?? []])).toBeGreaterThan(0.97 * Math.PI * 1600);
  });

  it("never makes an object vanish, and keeps holes", () => {
    expect(total(simplified([disc(2)], 50))).toBeGreaterThan(3);
    const ring: Polygon = [rectangle([0, 0, 40, 40]), rectangle([10, 10, 20, 20])];
    expect(total(simplified([ring], 1))).toBeCloseTo(1500, 6);
  });

  it("thins an open line between its ends", () => {
    const line: Point[] = [
      [0, 0],
      [2, 0.1],
      [5, 0.1],
      [7, 0],
      [10, 0],
      [10, 8],
    ];
    expect(thinned(line, 0.5)).toEqual([
      [0, 0],
      [10, 0],
      [10, 8],
    ]);
  });
});

describe("smoothed", () => {
  it("rounds steps of pixels and keeps the area to a few percent", () => {
    const steps: Point[] = circle([50, 50], 30).map(([x, y]): Point => [Math.round(x), Math.round(y)]);
    const [found] = smoothed([[steps]]);
    expect(total([found ?? []]) / (Math.PI * 900)).toBeGreaterThan(0.96);
    const jitter = (ring: Point[]) =>
      Math.max(...ring.map(([x, y]) => Math.abs(Math.hypot(x - 50, y - 50) - 30)));
    expect(jitter(found?.[0] ?? [])).toBeLessThan(jitter(steps));
  });
});

describe("grown", () => {
  it("adds and takes a rim", () => {
    expect(total(grown([disc(20)], 5)) / (Math.PI * 625)).toBeCloseTo(1, 1);
    expect(total(grown([disc(20)], -5)) / (Math.PI * 225)).toBeCloseTo(1, 1);
    expect(grown([disc(3)], -5)).toEqual([]);
  });

  it("closes a hole that it grows over", () => {
    const ring: Polygon = [rectangle([0, 0, 40, 40]), rectangle([18, 18, 22, 22])];
    expect(grown([ring], 3)[0]).toHaveLength(1);
    expect(total(filled([ring]))).toBeCloseTo(1600, 6);
  });
});

describe("split", () => {
  it("cuts right through into two halves", () => {
    const pieces = split(
      [[rectangle([0, 0, 10, 10])]],
      [
        [-2, 5],
        [12, 5],
      ],
    );
    expect(pieces).toHaveLength(2);
    expect(total(pieces)).toBeCloseTo(100, 1);
  });

  it("leaves one piece where the line ends inside", () => {
    const pieces = split(
      [[rectangle([0, 0, 10, 10])]],
      [
        [-2, 5],
        [5, 5],
      ],
    );
    expect(pieces).toHaveLength(1);
  });

  it("cuts a ring once into one piece and twice into two", () => {
    const ring: Polygon = [rectangle([0, 0, 30, 30]), rectangle([10, 10, 20, 20])];
    const half: Point[] = [
      [-1, 15],
      [12, 15],
    ];
    expect(split([ring], half)).toHaveLength(1);
    expect(
      split(
        [ring],
        [
          [-1, 15],
          [31, 15],
        ],
      ),
    ).toHaveLength(2);
  });
});

describe("transformed", () => {
  const square: Geometry = {
    type: "Polygon",
    coordinates: [
      [
        [0, 0],
        [2, 0],
        [2, 2],
        [0, 2],
        [0, 0],
      ],
    ],
  };

  it("moves, turns and scales every kind", () => {
    expect(boundsOfAll([transformed(square, moved(3, 4))])).toEqual([3, 4, 5, 6]);
    expect(boundsOfAll([transformed(square, scaled([0, 0], 2, 3))])).toEqual([0, 0, 4, 6]);
    const [x, y] = placed(turned([1, 1], Math.PI / 2), [2, 1]);
    expect([x, y].map((one) => one.toFixed(6))).toEqual(["1.000000", "2.000000"]);
    const point: Geometry = { type: "Point", coordinates: [1, 2] };
    expect(transformed(point, moved(1, 1)).coordinates).toEqual([2, 3]);
  });

  it("has no bounds of nothing", () => {
    expect(boundsOfAll([])).toBeNull();
  });
});
