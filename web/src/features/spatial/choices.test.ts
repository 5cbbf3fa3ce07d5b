import { describe, expect, it } from "vitest";
import type { Annotation, Layer } from "../../api/types";
import { ALL, DRAWN, regionChoices, regionsOf, SELECTED } from "./choices";

const selection = [
  { id: 4, layer_id: "a" },
  { id: 5, layer_id: "b" },
  { id: 6, layer_id: "a" },
] as Annotation[];
const region = {
  type: "Polygon" as const,
  coordinates: [
    [
      [0, 0],
      [4, 0],
      [4, 4],
      [0, 0],
    ] as [number, number][],
  ],
};
const NOTHING = { source: null, term: ALL, selection: [], region: null };

describe("regions to ask about", () => {
  it("are offered only where they are there", () => {
    const layers = [{ id: "a", name: "Tissue" }] as Layer[];
    expect(regionChoices(layers, [], null).map(({ value }) => value)).toEqual(["a"]);
    expect(regionChoices(layers, selection, region).map(({ value }) => value)).toEqual([
      SELECTED,
      DRAWN,
      "a",
    ]);
  });

  it("are the selected objects of one layer, the drawn area, or a class of a layer", () => {
    expect(regionsOf({ ...NOTHING, source: SELECTED, selection })).toEqual({ layerId: "a", ids: [4, 6] });
    expect(regionsOf({ ...NOTHING, source: DRAWN, region })).toEqual({ wkt: "POLYGON((0 0,4 0,4 4,0 0))" });
    expect(regionsOf({ ...NOTHING, source: "a" })).toEqual({ layerId: "a" });
    expect(regionsOf({ ...NOTHING, source: "a", term: "0" })).toEqual({ layerId: "a", termId: 0 });
  });

  it("are none after the selection or the drawing is gone", () => {
    for (const source of [null, SELECTED, DRAWN]) expect(regionsOf({ ...NOTHING, source })).toBeNull();
  });
});
