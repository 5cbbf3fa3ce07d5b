import { describe, expect, it } from "vitest";
import { decidedShare, neighbour } from "./progress";

const NONE = new Set<number>();

describe("what comes next in a review", () => {
  it("goes on and back, around the end", () => {
    expect(neighbour([4, 8, 2], NONE, 8, 1)).toBe(2);
    expect(neighbour([4, 8, 2], NONE, 2, 1)).toBe(4);
    expect(neighbour([4, 8, 2], NONE, 4, -1)).toBe(2);
  });

  it("starts with the first, or the last when going back", () => {
    expect(neighbour([4, 8, 2], NONE, null, 1)).toBe(4);
    expect(neighbour([4, 8, 2], NONE, 99, -1)).toBe(2);
  });

  it("leaves out what is decided, and ends", () => {
    expect(neighbour([4, 8, 2], new Set([8]), 4, 1)).toBe(2);
    expect(neighbour([4, 8], new Set([4, 8]), 4, 1)).toBe(null);
    expect(neighbour([4], NONE, 4, 1)).toBe(null);
    expect(neighbour([], NONE, null, 1)).toBe(null);
  });
});

it("tells the share that is decided", () => {
  expect(decidedShare({ predicted: 3, accepted: 1, rejected: 0 })).toBe(0.25);
  expect(decidedShare({ predicted: 0, accepted: 0, rejected: 0 })).toBe(1);
});
