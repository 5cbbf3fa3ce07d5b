import { describe, expect, it } from "vitest";
import type { Point } from "../geometry/types";
import { labelled } from "../pixels/components";
import { pixelCount } from "../pixels/raster";
import { maskFrom } from "../pixels/testing";
import { Front, objectsOf, watershed, without } from "./decoding";
import type { Maps } from "./maps";
import { isClosed, marksOf, meant, NOTHING, type Prompt, seedsOf, sizeOf } from "./prompt";

/** Two discs of radius 10 that overlap a little, around (15, 15) and (32, 15). */
function twoDiscs(): Maps {
  const [width, height] = [48, 30];
  const distance = new Float32Array(width * height);
  for (let i = 0; i < distance.length; i += 1) {
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    const depth = (cx: number): number => 1 - Math.hypot(x - cx, y - 15) / 10;
    distance[i] = Math.max(0, depth(15), depth(32));
  }
  return { width, height, distance, foreground: distance.map((d) => (d > 0 ? 0.9 : 0.1)) };
}

const maps = twoDiscs();
const limits = { foreground: 0.53, seed: 0.5 };
const place = { width: 48, height: 30, toMap: (p: Point): Point => p };
const prompt = (change: Partial<Prompt>): Prompt => ({ ...NOTHING, ...change });
const chosen = (change: Partial<Prompt>): number => {
  const found = meant(objectsOf(maps, limits), marksOf(prompt(change), place));
  return found ? pixelCount(found) : 0;
};

describe("Front", () => {
  it("gives the smallest first, and the older of two that are the same", () => {
    const front = new Front();
    [5, 1, 3, 1, 4].forEach((value, i) => void front.push(value, i));
    const order: number[] = [];
    while (!front.isEmpty) order.push(front.pop());
    expect(order).toEqual([1, 3, 2, 4, 0]);
    expect(front.pop()).toBe(-1);
  });
});

describe("objectsOf", () => {
  it("parts touching objects where the distance is low", () => {
    const labels = objectsOf(maps, limits);
    expect(labels.areas).toHaveLength(3);
    expect(labels.data[15 * 48 + 20]).not.toBe(labels.data[15 * 48 + 27]);
  });

  it("takes connected pieces where there is no distance", () => {
    expect(objectsOf({ ...maps, distance: null }, limits).areas).toHaveLength(2);
  });

  it("finds nothing in an empty map", () => {
    const nothing = maps.foreground.map(() => 0);
    expect(objectsOf({ ...maps, foreground: nothing }, limits).areas).toEqual([0]);
  });

  it("keeps pieces without a seed", () => {
    const flat = maps.foreground.map(() => 0.2);
    expect(objectsOf({ ...maps, distance: flat }, limits).areas).toHaveLength(2);
  });
});

describe("watershed", () => {
  it("never leaves the mask", () => {
    const mask = maskFrom("###.###");
    expect([...watershed(new Float32Array(7), Int32Array.from([1, 0, 0, 0, 0, 0, 0]), mask)]).toEqual([
      1, 1, 1, 0, 0, 0, 0,
    ]);
  });
});

describe("meant", () => {
  it("is the object below most of a line", () => {
    const one = chosen({
      line: [
        [8, 14],
        [24, 17],
      ],
    });
    expect(one).toBeGreaterThan(250);
    expect(one).toBeLessThan(330);
  });

  it("is both where the line crosses both", () => {
    expect(
      chosen({
        line: [
          [8, 15],
          [40, 15],
        ],
      }),
    ).toBeGreaterThan(550);
  });

  it("is the object that a box or an outline encloses, not its neighbour", () => {
    expect(chosen({ box: [4, 4, 25, 26] })).toBeLessThan(330);
    const around = Array.from(
      { length: 20 },
      (_, i): Point => [15 + 12 * Math.cos(i / 3.1), 15 + 12 * Math.sin(i / 3.1)],
    );
    expect(isClosed(around)).toBe(true);
    expect(chosen({ line: around })).toBeLessThan(330);
    expect(chosen({ line: around })).toBeGreaterThan(250);
  });

  it("is nothing beside the objects", () => {
    expect(chosen({ positives: [[2, 2]] })).toBe(0);
    expect(chosen({ positives: [[-50, 900]] })).toBe(0);
    expect(chosen({ box: [0, 0, 3, 3] })).toBe(0);
    expect(chosen({})).toBe(0);
  });

  it("adds what is clicked", () => {
    expect(
      chosen({
        positives: [
          [15, 15],
          [32, 15],
        ],
      }),
    ).toBeGreaterThan(550);
  });
});

describe("without", () => {
  const both = meant(labelled({ ...place, data: maps.foreground.map((v) => (v > 0.5 ? 1 : 0)) as never }), {
    below: [15 * 48 + 15],
    enclosed: null,
    positives: [],
    negatives: [],
  });

  it("gives the part of what is unwanted away", () => {
    if (!both) throw new Error("the discs touch");
    const kept = without(both, [15 * 48 + 15], [15 * 48 + 32]);
    expect(kept.data[15 * 48 + 32]).toBe(0);
    expect(pixelCount(kept) / pixelCount(both)).toBeCloseTo(0.5, 1);
    expect(without(both, [15 * 48 + 15], [0])).toBe(both);
  });
});

describe("prompts", () => {
  it("tell a size only where something was dragged", () => {
    expect(sizeOf(prompt({ positives: [[3, 3]] }))).toBeNull();
    expect(
      sizeOf(
        prompt({
          line: [
            [3, 3],
            [3.5, 3],
          ],
        }),
      ),
    ).toBeNull();
    expect(
      sizeOf(
        prompt({
          line: [
            [0, 0],
            [30, 40],
          ],
        }),
      ),
    ).toBe(50);
    expect(sizeOf(prompt({ box: [0, 0, 16, 25] }))).toBe(20);
  });

  it("give seeds for growing", () => {
    expect(
      seedsOf(
        prompt({
          line: [
            [3.5, 3.5],
            [9.5, 3.5],
          ],
        }),
        place,
      ),
    ).toHaveLength(7);
    expect(seedsOf(prompt({ box: [4, 4, 25, 26] }), place).length).toBeGreaterThan(20);
    expect(seedsOf(prompt({ box: [4, 4, 5, 5] }), place)).toHaveLength(1);
  });
});
