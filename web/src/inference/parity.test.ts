// @vitest-environment node
/** The page's inference against the server's: parity.json is made by tests/integration/test_web_parity.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Raster } from "../pixels/raster";
import { mapsOf, scaledMaps } from "./maps";
import type { NetworkSpec } from "./model";
import parity from "./parity.json";
import { normalised, type Planes, rangeOf, resized } from "./preprocessing";
import { networkOf } from "./session";
import { suggestion } from "./suggestion";

const MODEL = "../src/cytoloop/learning/models/nuclei";
const RUNTIME = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";
const bytes = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

const spec: NetworkSpec = {
  sha256: "",
  name: "nuclei",
  channels: 3,
  stride: 16,
  smallest: 64,
  diameterPx: 26,
  hasDistance: true,
  hasBackground: false,
  foreground: 0.53,
  seed: 0.5,
};

function rasterOf({ width, height, values }: typeof parity.picture, channels: 1 | 3): Raster {
  const packed = new Uint8Array(Buffer.from(values, "base64"));
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i += 1)
    for (let c = 0; c < 3; c += 1) data[i * 4 + c] = packed[channels === 1 ? i : i * 3 + c] ?? 0;
  return { width, height, data };
}

function numbersOf({ values }: { values: string }): Float32Array {
  const packed = Buffer.from(values, "base64");
  return Float32Array.from(
    { length: packed.length / 2 },
    (_, i) => (packed.readUInt16LE(2 * i) / 65535) * 1.7 - 0.2,
  );
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);
}

const raster = rasterOf(parity.picture, 1);
const range = rangeOf(raster, false);
const picture = normalised(raster, false, range);

const loaded = networkOf(bytes(`${MODEL}/weights.onnx`), { bytes: bytes(RUNTIME).buffer as ArrayBuffer });

describe("preprocessing", () => {
  it("has the server's range, of one channel and of colours", () => {
    expect(range.low).toBeCloseTo(parity.range[0] ?? 0, 6);
    expect(range.high).toBeCloseTo(parity.range[1] ?? 0, 6);
    const colours = rangeOf(rasterOf(parity.colours, 3), true);
    expect(colours.low).toBeCloseTo(parity.colour_range[0] ?? 0, 6);
    expect(colours.high).toBeCloseTo(parity.colour_range[1] ?? 0, 6);
  });

  it("takes the percentiles that a model tells", () => {
    const data = Uint8ClampedArray.from({ length: 4 * 101 }, (_, at) => (at % 4 === 3 ? 255 : at >> 2));
    const half = { low_percentile: 0, high_percentile: 50 };
    expect(rangeOf({ width: 101, height: 1, data }, false, half)).toEqual({ low: 0, high: 50 });
  });

  it("shrinks and enlarges as OpenCV does", () => {
    const seen = resized(picture, parity.seen.width, parity.seen.height);
    const n = seen.width * seen.height;
    expect(largestDifference(seen.data.slice(0, n), numbersOf(parity.seen))).toBeLessThan(1e-3);
    const corner: Planes = {
      width: 40,
      height: 32,
      count: 1,
      data: Float32Array.from(
        { length: 40 * 32 },
        (_, i) => picture.data[Math.floor(i / 40) * 96 + (i % 40)] ?? 0,
      ),
    };
    expect(largestDifference(resized(corner, 68, 54).data, numbersOf(parity.large))).toBeLessThan(1e-3);
  });
});

describe("the shipped network in ONNX Runtime Web", () => {
  it("gives the maps that the server gives", async () => {
    const network = await loaded;
    const maps = await mapsOf(network, spec, resized(picture, parity.maps.width, parity.maps.height));
    expect(largestDifference(maps.data, numbersOf(parity.maps))).toBeLessThan(0.01);
  });

  it("decodes in the finer of the two sizes", async () => {
    const maps = await scaledMaps(await loaded, spec, picture, parity.scale);
    expect([maps.width, maps.height]).toEqual([96, 80]);
    const finer = await scaledMaps(await loaded, spec, picture, 1.5);
    expect([finer.width, finer.height]).toEqual([144, 120]);
  });

  it("suggests nothing for a prompt outside the crop", async () => {
    const crop = { raster, x: 0, y: 0, step: 1, isRgb: false };
    const prompt = { line: [], box: null, positives: [[5000, 5000] as const], negatives: [] };
    expect(await suggestion(await loaded, spec, { crop, range, prompt, diameterPx: null })).toEqual([]);
  });
});
