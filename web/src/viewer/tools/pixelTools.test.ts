import { describe, expect, it } from "vitest";
import { area } from "../../geometry/boolean";
import { polygonsOf } from "../../geometry/geojson";
import { circle } from "../../geometry/shapes";
import type { Polygon } from "../../geometry/types";
import { Assistant } from "../../inference/assistant";
import type { PixelDesk } from "../../pixels/desk";
import { done, type Job, type JobName, type JobTypes } from "../../pixels/jobs";
import type { Crop } from "../../pixels/raster";
import { disc, picture } from "../../pixels/testing";
import { ContourAssist, type Suggested } from "../contourAssist";
import { makeTool } from ".";
import { DEFAULT_OPTIONS, type ToolOptions } from "./options";
import type { Drawn, ToolHost, ToolName, ToolPointer } from "./tool";

/** A disc of radius 15 around (50, 40) in an image of 120 x 90 pixels. */
const inside = disc(50, 40, 15);
const raster = picture(120, 90, (x, y) => (inside(x, y) ? 180 : 30));
const DISC = Math.PI * 225;

const desk: PixelDesk = {
  ask: <Name extends JobName>(name: Name, request: JobTypes[Name]["request"]) =>
    Promise.resolve(done({ name, request } as Job) as JobTypes[Name]["response"]),
  close: () => undefined,
};

/** Answers what it is told to, in the order in which it was asked. */
class Told extends ContourAssist {
  readonly answers: (readonly Polygon[])[] = [];
  override suggest(): Promise<Suggested | null> {
    return Promise.resolve({ polygons: this.answers.shift() ?? [], method: "told" });
  }
}

function bench(name: ToolName, change: Partial<ToolOptions> = {}, crop: Crop | null | undefined = undefined) {
  const log: string[] = [];
  const drawn: Drawn[] = [];
  let options: ToolOptions = { ...DEFAULT_OPTIONS, assistMethod: { kind: "growing" }, ...change };
  const assist = new Told(
    new Assistant(),
    desk,
    () => options,
    () => Promise.resolve(),
  );
  const dashed: (readonly Polygon[])[] = [];
  const host = {
    size: { width: 120, height: 90 },
    brushRadius: () => 4,
    sketch: (shape) => shape?.dashed && dashed.push(shape.dashed),
    outline: () => undefined,
    drawn: (shape) => drawn.push(shape),
    say: (message) => log.push(message),
    crop: () => (crop === undefined ? { raster, x: 0, y: 0, step: 1, isRgb: true } : crop),
    sight: () => "here",
    options: () => options,
    setOptions: (next) => {
      options = { ...options, ...next };
    },
    desk,
    assist,
  } as Partial<ToolHost> as ToolHost;
  const areaOf = (index: number): number =>
    polygonsOf(drawn[index]?.geometry ?? { type: "Point", coordinates: [] }).reduce(
      (sum, p) => sum + area(p),
      0,
    );
  return { tool: makeTool(name, host), log, drawn, areaOf, assist, dashed, options: () => options };
}

const at = (x: number, y: number, held: Partial<ToolPointer> = {}): ToolPointer => ({
  at: [x, y],
  pixel: [x, y],
  resolution: 1,
  shift: false,
  alt: false,
  ctrl: false,
  ...held,
});

function stroke(tool: ReturnType<typeof makeTool>, ...points: ToolPointer[]): void {
  const [first, last] = [points[0], points.at(-1)];
  if (first) tool.down(first);
  for (const point of points.slice(1)) tool.drag(point);
  if (last) tool.up(last);
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("wand and fill", () => {
  it.each(["wand", "fill"] as const)("%s draws the disc", (name) => {
    const { tool, areaOf, drawn } = bench(name);
    stroke(tool, at(50, 40), at(56, 40));
    expect(drawn).toHaveLength(1);
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.1);
  });

  it("say what is wrong outside, without a picture, and on a speck", () => {
    const outside = bench("wand");
    stroke(outside.tool, at(-20, 10));
    expect(outside.log[0]).toContain("outside");
    const blind = bench("fill", {}, null);
    stroke(blind.tool, at(50, 40));
    expect(blind.log[0]).toContain("not shown");
    const noisy = picture(9, 9, (x, y) => (x > 4 && x < 5 && y > 4 && y < 5 ? 250 : 10));
    const speck = bench("fill", {}, { raster: noisy, x: 0, y: 0, step: 1, isRgb: true });
    stroke(speck.tool, at(4.5, 4.5));
    expect(speck.log[0]).toContain("tolerance");
    expect([...outside.drawn, ...blind.drawn, ...speck.drawn]).toEqual([]);
  });

  it("hand the keys on", () => {
    const { tool, drawn } = bench("fill");
    stroke(tool, at(50, 40, { shift: true }));
    expect(drawn[0]?.combine).toBe("add");
  });

  it("bring a coarse crop back to the image", () => {
    const half = picture(60, 45, (x, y) => (disc(25, 20, 7.5)(x, y) ? 180 : 30));
    const { tool, areaOf } = bench("fill", {}, { raster: half, x: 0, y: 0, step: 2, isRgb: true });
    stroke(tool, at(50, 40));
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.1);
  });
});

describe("threshold", () => {
  it("draws the object of the box", () => {
    const { tool, areaOf } = bench("threshold");
    stroke(tool, at(28, 18), at(60, 50), at(72, 62));
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.08);
  });

  it("refuses a click, an empty box and a box outside", () => {
    const { tool, log, drawn } = bench("threshold");
    stroke(tool, at(50, 40));
    stroke(tool, at(90, 70), at(110, 85));
    stroke(tool, at(-40, -40), at(-10, -10));
    expect(log.map((one) => one.slice(0, 12))).toEqual(["Drag a box a", "Nothing stan", "The shape li"]);
    expect(drawn).toEqual([]);
  });
});

describe("superpixels", () => {
  it("add up, are given back, and end as one object", async () => {
    const { tool, drawn, areaOf } = bench("superpixel", { superpixelSide: 8 });
    tool.hover(at(50, 40));
    await settled();
    await settled();
    const way = Array.from({ length: 400 }, (_, i) =>
      at(36 + (i % 20) * 1.45, 26 + Math.floor(i / 20) * 1.45),
    );
    stroke(tool, ...way.filter(({ at: [x, y] }) => disc(50, 40, 13)(x, y)));
    stroke(tool, at(100, 70));
    stroke(tool, at(100, 70, { alt: true }));
    tool.finish();
    expect(drawn).toHaveLength(1);
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.15);
  });

  it("have a size of their own", () => {
    const { tool, options } = bench("superpixel");
    expect(tool.resize(100)).toBe(true);
    expect(options().superpixelSide).toBe(120);
    expect(tool.cancel()).toBe(false);
  });
});

describe("assist", () => {
  const found: Polygon[] = [[circle([50, 40], 15)]];

  it("accepts a suggestion with its method and time", async () => {
    const { tool, drawn, assist, areaOf } = bench("assist");
    assist.answers.push(found);
    stroke(tool, at(40, 40), at(50, 42), at(60, 40));
    expect(tool.hasSuggestion).toBe(false);
    await settled();
    expect(tool.hasSuggestion).toBe(true);
    expect(tool.command("accept")).toBe(true);
    expect(tool.hasSuggestion).toBe(false);
    expect(drawn[0]?.properties?.assist).toBe("told");
    expect(drawn[0]?.properties?.assist_ms).toBeGreaterThanOrEqual(0);
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.02);
  });

  it("rejects, and forgets an answer that comes too late", async () => {
    const { tool, drawn, assist } = bench("assist");
    assist.answers.push(found, found);
    stroke(tool, at(50, 40));
    expect(tool.cancel()).toBe(true);
    await settled();
    expect(tool.hasSuggestion).toBe(false);
    stroke(tool, at(50, 40));
    await settled();
    expect(tool.command("reject")).toBe(true);
    tool.finish();
    expect(drawn).toEqual([]);
    expect(tool.command("accept")).toBe(false);
  });

  it("keeps what the brush changed when a right click asks anew", async () => {
    const { tool, assist, areaOf } = bench("assist");
    assist.answers.push(found, found);
    stroke(tool, at(50, 40));
    await settled();
    stroke(tool, at(66, 40, { shift: true }), at(75, 40, { shift: true }));
    stroke(tool, at(30, 40, { alt: true }), at(36, 40, { alt: true }));
    expect(tool.alternate(at(50, 50))).toBe(true);
    await settled();
    tool.finish();
    expect(areaOf(0)).toBeGreaterThan(DISC);
  });

  it("inverts within its frame, and back", async () => {
    const { tool, assist, dashed } = bench("assist", { assistDrag: "box" });
    assist.answers.push(found);
    stroke(tool, at(30, 20), at(70, 60));
    await settled();
    tool.command("invert");
    const inverse = dashed.at(-1)?.reduce((sum, one) => sum + area(one), 0) ?? 0;
    expect(Math.abs(inverse - (1600 - DISC))).toBeLessThan(20);
    tool.command("invert");
    const back = dashed.at(-1)?.reduce((sum, one) => sum + area(one), 0) ?? 0;
    expect(Math.abs(back / DISC - 1)).toBeLessThan(0.02);
  });

  it("snaps to the edge", async () => {
    const { tool, assist, areaOf } = bench("assist");
    assist.answers.push([[circle([50, 40], 18)]]);
    stroke(tool, at(50, 40));
    await settled();
    tool.command("snap");
    await settled();
    await settled();
    tool.finish();
    expect(Math.abs(areaOf(0) / DISC - 1)).toBeLessThan(0.05);
  });

  it("says where nothing is, and what comes first", async () => {
    const { tool, log, assist } = bench("assist");
    expect(tool.alternate(at(50, 40))).toBe(true);
    stroke(tool, at(-30, 40));
    assist.answers.push([]);
    stroke(tool, at(100, 70));
    await settled();
    expect(log.map((one) => one.slice(0, 9))).toEqual(["Click or ", "The shape", "No object"]);
    expect(tool.hasSuggestion).toBe(false);
  });

  it("grows regions where that is chosen", async () => {
    const options = { ...DEFAULT_OPTIONS, assistMethod: { kind: "growing" } as const };
    const grower = new ContourAssist(
      new Assistant(),
      desk,
      () => options,
      () => Promise.resolve(),
    );
    const crop = { raster, x: 0, y: 0, step: 1, isRgb: true };
    const prompt = { line: [[42, 40] as const, [58, 41] as const], box: null, positives: [], negatives: [] };
    const made = await grower.suggest(await grower.method(), prompt, crop);
    expect(made?.method).toBe("region-growing");
    expect(Math.abs((made?.polygons ?? []).reduce((sum, one) => sum + area(one), 0) / DISC - 1)).toBeLessThan(
      0.08,
    );
  });
});
