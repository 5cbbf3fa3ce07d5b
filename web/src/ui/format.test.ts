import { describe, expect, it } from "vitest";
import { decimalsFor, moment, number } from "./format";

describe("numbers", () => {
  it.each([
    [4873.09, "4,873"],
    [0.41093, "0.4109"],
    [12, "12"],
    [0.00001234, "1.23e-5"],
    [null, "–"],
  ])("%j is %s", (value, text) => {
    expect(number(value)).toBe(text);
  });

  it("of a column have the same decimals", () => {
    expect(number(0.593, 3)).toBe("0.593");
    expect(number(0.5, 3)).toBe("0.500");
    expect(number(0.0001, 3)).toBe("1.00e-4");
  });

  it.each([
    [[20, 44, 281], 0],
    [[0.4, 0.38, 0.25], 3],
    [[1203.5, 4873.1, 800.2], 0],
    [[12.25, 80.5, 40.75], 1],
    [[null, "a"], 0],
    [[0, 0, 0.5], 3],
  ])("%j have %i decimals", (values, decimals) => {
    expect(decimalsFor(values)).toBe(decimals);
  });
});

describe("moment", () => {
  const now = new Date(2026, 2, 1, 20, 0);
  it("tells the time of today, and the day of others", () => {
    expect(moment(new Date(2026, 2, 1, 14, 5, 9).toISOString(), now)).toBe("14:05:09");
    expect(moment(new Date(2026, 1, 28, 9, 5, 9).toISOString(), now)).toBe("2026-02-28 09:05");
  });
});
