import { expect, test } from "vitest";
import type { MethodInfo } from "../../api/types";
import { groupsOf } from "./groups";

const method = (name: string, group: MethodInfo["group"]): MethodInfo => ({
  name,
  title: name.toUpperCase(),
  description: "",
  group,
  parameters: {},
});

test("methods stand under headings in a fixed order, empty ones left out", () => {
  const methods = [
    method("otsu", "classical"),
    method("nuclei", "models"),
    method("mine", "own"),
    method("log", "classical"),
  ];
  expect(groupsOf(methods)).toEqual([
    { group: "Models", items: [{ value: "nuclei", label: "NUCLEI" }] },
    { group: "Your models and pipelines", items: [{ value: "mine", label: "MINE" }] },
    {
      group: "Classical",
      items: [
        { value: "otsu", label: "OTSU" },
        { value: "log", label: "LOG" },
      ],
    },
  ]);
  expect(groupsOf([])).toEqual([]);
});
