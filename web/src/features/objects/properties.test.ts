import { describe, expect, it } from "vitest";
import { valueTyped, withoutProperty, withProperty } from "./properties";

describe("properties", () => {
  it("tells numbers and yes or no from words", () => {
    expect(["2.5", " -3 ", "1e3", "true", "false", "0x10", "1 mm", "", "Infinity"].map(valueTyped)).toEqual([
      2.5,
      -3,
      1000,
      true,
      false,
      "0x10",
      "1 mm",
      "",
      "Infinity",
    ]);
  });

  it("sets and removes one and leaves the others", () => {
    expect(withProperty({ a: 1 }, " b ", "x")).toEqual({ a: 1, b: "x" });
    expect(withProperty({ a: 1 }, "a", "2")).toEqual({ a: 2 });
    expect(withoutProperty({ a: 1, b: true }, "a")).toEqual({ b: true });
  });
});
