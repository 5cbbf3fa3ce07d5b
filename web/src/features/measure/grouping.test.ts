import { describe, expect, it } from "vitest";
import type { ColumnData, Term } from "../../api/types";
import { viridis } from "./figure/colours";
import { clusterColor, colouring, groupsOf, split } from "./grouping";

const image = (name: string, well: string | null) => ({
  id: name,
  layer_id: `l${name}`,
  name,
  group: "dose",
  well,
});

const data: ColumnData = {
  total: 5,
  ids: [11, 12, 13, 14, 15],
  term_ids: [2, null, 1, 2, 77],
  columns: { area: [1, 2, null, 4, 5], cluster: [1, 2, 0, null, 1] },
  bboxes: [],
  images: [image("b_B02.tif", "B02"), image("a.tif", null)],
  image_index: [0, 0, 0, 1, 1],
};
const terms = [
  { id: 1, name: "Red", color: "#ff0000" },
  { id: 2, name: "Blue", color: "#0000ff" },
  { id: 3, name: "Never", color: "#00ff00" },
] as unknown as Term[];

describe("groups", () => {
  it("by class have the classes' colours, and those without one are last", () => {
    const found = groupsOf(data, "class", terms);
    expect(found.names).toEqual(["Red", "Blue", "Unclassified"]);
    expect(found.of).toEqual([1, 2, 0, 1, 2]);
    expect(found.colors.slice(0, 2)).toEqual(["#ff0000", "#0000ff"]);
  });

  it("by cluster name what is in none and what was not looked at", () => {
    const found = groupsOf(data, "cluster", terms);
    expect(found.names).toEqual(["Not looked at", "No cluster", "Cluster 1", "Cluster 2"]);
    expect(found.of).toEqual([2, 3, 1, 0, 2]);
  });

  it("by image, group and well are read from the images", () => {
    expect(groupsOf(data, "image", terms)).toMatchObject({
      names: ["a.tif", "b_B02.tif"],
      of: [1, 1, 1, 0, 0],
    });
    expect(groupsOf(data, "group", terms)).toMatchObject({ names: ["dose"], of: [0, 0, 0, 0, 0] });
    expect(groupsOf(data, "well", terms).names).toEqual(["B02", "No well in the name"]);
  });

  it("hold known values only", () => {
    const found = split(data, "area", groupsOf(data, "class", terms));
    expect(found.map(({ name, values, ids }) => [name, values, ids])).toEqual([
      ["Blue", [1, 4], [11, 14]],
      ["Unclassified", [2, 5], [12, 15]],
    ]);
  });
});

describe("colours", () => {
  it("of a cluster are the same by name and by number", () => {
    const found = groupsOf(data, "cluster", terms);
    expect(found.names.map(clusterColor)).toEqual(found.colors);
  });

  it("of a measurement run along the scale, unknown values are grey", () => {
    const { colors, key } = colouring(data, "area", terms, "Area");
    expect(colors[0]).toBe(viridis(0));
    expect(colors[4]).toBe(viridis(1));
    expect(colors[2]).toBe("#7f92a8");
    expect(key.range?.[0]).toBeCloseTo(1.03);
  });

  it("of classes have a legend", () => {
    expect(colouring(data, "class", terms, "Class").key.entries.map(({ name }) => name)).toEqual([
      "Red",
      "Blue",
      "Unclassified",
    ]);
  });
});
