import { describe, expect, it } from "vitest";
import { found, rank } from "./search";

describe("found", () => {
  const names = ["Magic wand", "Merge the selected areas", "Simplify: fewer corners", "Move"];

  it("gives all in order while nothing is typed", () => {
    expect(found("", names, (one) => one)).toEqual(names);
  });

  it("prefers starts of words and letters in a row", () => {
    expect(found("me", names, (one) => one)[0]).toBe("Merge the selected areas");
    expect(found("mw", names, (one) => one)[0]).toBe("Magic wand");
    expect(found("fewer", names, (one) => one)).toEqual(["Simplify: fewer corners"]);
  });

  it("leaves out what lacks a letter", () => {
    expect(rank("xyz", "Move")).toBeNull();
    expect(rank("evom", "Move")).toBeNull();
  });
});
