import { describe, expect, it } from "vitest";
import type { BulkResult } from "../api/types";
import { summaryOf } from "./bulk";

const result = (matched: number, changed: number, locked: number) =>
  ({ matched, changed, locked }) as BulkResult;

describe("what a bulk action says", () => {
  it("counts what changed and what was locked", () => {
    expect(summaryOf(result(1200, 1200, 0))).toBe("1,200 objects changed.");
    expect(summaryOf(result(3, 2, 1))).toBe("2 objects changed. 1 object left as it is: locked.");
    expect(summaryOf(result(2, 0, 2))).toBe("Nothing had to change. 2 objects left as they are: locked.");
    expect(summaryOf(result(0, 0, 0))).toBe("There was no object to change.");
  });
});
