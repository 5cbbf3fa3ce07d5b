import { describe, expect, it } from "vitest";
import { heatColor, heatPixels } from "./heat";

const lightness = ([r, g, b]: readonly number[]): number =>
  0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);

describe("a density map", () => {
  it("gets lighter with every step, and stays at its ends beyond the scale", () => {
    const steps = Array.from({ length: 21 }, (_, i) => lightness(heatColor(i / 20)));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(heatColor(7)).toEqual(heatColor(1));
    expect(heatColor(-1)).toEqual(heatColor(0));
  });

  it("leaves clear what is empty", () => {
    const pixels = heatPixels(new Float32Array([0, 10, 0.5]), 10);
    expect(pixels[3]).toBe(0);
    expect([...pixels.slice(4, 8)]).toEqual([...heatColor(1), 255]);
    expect(pixels[11]).toBeGreaterThan(0);
    expect(pixels[11]).toBeLessThan(255);
    expect(heatPixels(new Float32Array([1]), 0)[3]).toBe(0);
  });
});
