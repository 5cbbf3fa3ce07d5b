import { describe, expect, it } from "vitest";
import { areaText } from "./wkt";

const RING: [number, number][] = [
  [0, 0],
  [9.126, 0],
  [9, 9],
  [0, 0],
];

describe("areas as text", () => {
  it("keep rings and holes, to a hundredth of a pixel", () => {
    expect(areaText({ type: "Polygon", coordinates: [RING, RING] })).toBe(
      "POLYGON((0 0,9.13 0,9 9,0 0),(0 0,9.13 0,9 9,0 0))",
    );
    expect(areaText({ type: "MultiPolygon", coordinates: [[RING], [RING]] })).toBe(
      "MULTIPOLYGON(((0 0,9.13 0,9 9,0 0)),((0 0,9.13 0,9 9,0 0)))",
    );
  });

  it("are null for points and lines", () => {
    expect(areaText({ type: "Point", coordinates: [1, 2] })).toBeNull();
  });
});
