import { describe, expect, it } from "vitest";
import { fieldsOf, initialValues, parametersOf, problemWith } from "./schema";

const SCHEMA = {
  $defs: { Mode: { enum: ["bright", "dark_field"], type: "string" } },
  properties: {
    sigma: { type: "number", title: "Smoothing", default: 1.5, minimum: 0, maximum: 10, unit: "px" },
    count: { type: "integer", exclusiveMinimum: 0, default: 3, advanced: true },
    diameter: { anyOf: [{ type: "number", minimum: 1 }, { type: "null" }], default: null },
    mode: { $ref: "#/$defs/Mode", default: "bright" },
    split: { type: "boolean", default: true },
  },
};

const fields = fieldsOf(SCHEMA);
const named = (name: string) => {
  const field = fields.find((f) => f.name === name);
  if (!field) throw new Error(name);
  return field;
};

describe("fieldsOf", () => {
  it("reads kinds, titles, units and folds what is advanced", () => {
    expect(fields.map(({ kind }) => kind)).toEqual(["number", "number", "number", "choice", "boolean"]);
    expect(named("sigma")).toMatchObject({ title: "Smoothing", unit: "px", isAdvanced: false });
    expect(named("count")).toMatchObject({ title: "Count", isAdvanced: true, minimum: 1, isInteger: true });
  });

  it("follows references and options with null", () => {
    expect(named("mode")).toMatchObject({
      initial: "bright",
      options: [{ value: "bright" }, { label: "Dark field" }],
    });
    expect(named("diameter")).toMatchObject({ kind: "number", isOptional: true, initial: null, minimum: 1 });
  });

  it("makes nothing of a schema without properties", () => {
    expect(fieldsOf({})).toEqual([]);
  });
});

describe("values", () => {
  it("start as the defaults and are sent with them", () => {
    expect(parametersOf(fields, initialValues(fields))).toEqual({
      sigma: 1.5,
      count: 3,
      diameter: null,
      mode: "bright",
      split: true,
    });
  });

  it("are checked against their limits", () => {
    expect(problemWith(named("sigma"), 11)).toContain("10");
    expect(problemWith(named("sigma"), 0)).toBeNull();
    expect(problemWith(named("count"), 0)).toContain("1");
    expect(problemWith(named("count"), 1.5)).toContain("whole");
    expect(problemWith(named("sigma"), null)).not.toBeNull();
    expect(problemWith(named("diameter"), null)).toBeNull();
    expect(problemWith(named("mode"), "else")).not.toBeNull();
  });
});
