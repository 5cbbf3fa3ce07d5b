import { describe, expect, it } from "vitest";
import { area, clamped, contains, difference, repaired, union } from "./boolean";
import { geometryOf, parseGeometry, polygonsOf } from "./geojson";
import { capsule, circle, clampPoint, ellipse, rectangle, squareCorner } from "./shapes";
import type { Polygon, Ring } from "./types";
import { deletedVertex, insertedVertex, movedVertex, nearestEdge, nearestVertex } from "./vertices";

const square = (x: number, y: number, side: number): Polygon => [rectangle([x, y, x + side, y + side])];
const total = (polygons: Polygon[]): number => polygons.reduce((sum, p) => sum + area(p), 0);

describe("booleans", () => {
  it("joins two overlapping squares into one", () => {
    const joined = union([square(0, 0, 10)], [square(5, 0, 10)]);
    expect(joined).toHaveLength(1);
    expect(total(joined)).toBeCloseTo(150, 6);
  });

  it("keeps apart what does not touch", () => {
    expect(union([square(0, 0, 10)], [square(20, 0, 10)])).toHaveLength(2);
  });

  it("cuts a hole and keeps it as a hole", () => {
    const [ring] = difference([square(0, 0, 10)], [square(4, 4, 2)]);
    expect(ring).toHaveLength(2);
    expect(total([ring ?? []])).toBeCloseTo(96, 6);
    expect(contains(ring ?? [], [5, 5])).toBe(false);
    expect(contains(ring ?? [], [1, 1])).toBe(true);
  });

  it("keeps an existing hole when the brush adds elsewhere, whatever way the rings turn", () => {
    const ring: Polygon = [rectangle([0, 0, 10, 10]), rectangle([4, 4, 6, 6])];
    for (const subject of [ring, ring.map((r) => [...r].reverse())]) {
      expect(total(union([subject], [square(9, 0, 5)]))).toBeCloseTo(96 + 20, 6);
    }
  });

  it("splits an object that the eraser cuts through", () => {
    expect(difference([square(0, 0, 10)], [[rectangle([4, -1, 6, 11])]])).toHaveLength(2);
  });

  it("leaves nothing when everything is erased", () => {
    expect(difference([square(2, 2, 3)], [square(0, 0, 10)])).toEqual([]);
  });

  it("keeps both halves of a self-crossing lasso", () => {
    const bowTie: Ring = [
      [0, 0],
      [10, 10],
      [10, 0],
      [0, 10],
    ];
    const parts = repaired(bowTie);
    expect(total(parts)).toBeCloseTo(50, 3);
    expect(parts).toHaveLength(2);
  });

  it("makes nothing of a click or a line", () => {
    expect(repaired([[3, 3]])).toEqual([]);
    expect(
      repaired([
        [0, 0],
        [50, 50],
        [0, 0],
      ]),
    ).toEqual([]);
  });

  it("cuts shapes at the border of the image", () => {
    expect(total(clamped([square(-5, -5, 10)], { width: 100, height: 100 }))).toBeCloseTo(25, 6);
    expect(clamped([square(200, 0, 10)], { width: 100, height: 100 })).toEqual([]);
  });
});

describe("shapes", () => {
  it("fills an ellipse to within one percent", () => {
    expect(area([ellipse([0, 0, 200, 100])])).toBeCloseTo(Math.PI * 100 * 50, -2);
    expect(area([circle([5, 5], 3)]) / (Math.PI * 9)).toBeGreaterThan(0.97);
  });

  it("covers the way of a brush", () => {
    expect(area([capsule([0, 0], [30, 0], 5)])).toBeCloseTo(300 + Math.PI * 25, -1);
    expect(contains([capsule([0, 0], [30, 40], 5)], [15, 20])).toBe(true);
  });

  it("squares a rectangle towards the pointer", () => {
    expect(squareCorner([10, 10], [4, 12])).toEqual([4, 16]);
  });

  it("clamps a point", () => {
    expect(clampPoint([-3, 120], { width: 100, height: 90 })).toEqual([0, 90]);
  });
});

describe("geojson", () => {
  it("goes there and back", () => {
    const polygons: Polygon[] = [square(0, 0, 4), [rectangle([10, 10, 20, 20]), rectangle([12, 12, 14, 14])]];
    expect(polygonsOf(geometryOf(polygons))).toEqual(polygons);
    expect(geometryOf([square(0, 0, 4)]).type).toBe("Polygon");
  });

  it("refuses what is no geometry", () => {
    expect(parseGeometry({ type: "Circle", coordinates: [] })).toBeNull();
    expect(parseGeometry(null)).toBeNull();
  });
});

describe("vertices", () => {
  const polygons = [square(0, 0, 10)];

  it("finds and moves the nearest", () => {
    const ref = nearestVertex(polygons, [9, 1], 3);
    expect(ref).toEqual({ polygon: 0, ring: 0, index: 1 });
    expect(nearestVertex(polygons, [5, 5], 3)).toBeNull();
    if (ref) expect(movedVertex(polygons, ref, [12, 0])[0]?.[0]?.[1]).toEqual([12, 0]);
  });

  it("inserts on an edge, the last one too", () => {
    const edge = nearestEdge(polygons, [0.5, 5], 2);
    expect(edge?.index).toBe(3);
    if (edge) expect(insertedVertex(polygons, edge)[0]?.[0]?.[4]).toEqual([0, 5]);
  });

  it("never goes below a triangle", () => {
    const triangle = [[polygons[0]?.[0]?.slice(0, 3) ?? []]];
    expect(deletedVertex(triangle, { polygon: 0, ring: 0, index: 0 })).toBeNull();
    expect(deletedVertex(polygons, { polygon: 0, ring: 0, index: 0 })?.[0]?.[0]).toHaveLength(3);
  });
});
