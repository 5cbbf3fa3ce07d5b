import { describe, expect, it } from "vitest";
import type { ModelDetails } from "../api/types";
import type { Asked, Line } from "../pixels/latest";
import type { Answer, Ask } from "./asks";
import { Assistant } from "./assistant";
import { specOf } from "./model";
import type { Wish } from "./suggestion";
import { MemoryStore, weightsOf } from "./weights";

const model = {
  name: "nuclei",
  weights_sha256: "abc",
  channels: 3,
  stride: 16,
  smallest: 64,
  diameter_px: 26,
  decoder: "watershed",
  outputs: ["foreground", "distance"],
  decoding: { foreground: 0.4 },
} as unknown as ModelDetails;

const wish = {} as Wish;

function world() {
  const asked: Ask[] = [];
  let fetched = 0;
  const open = (): Line => {
    const line: Line = {
      onmessage: null,
      onerror: null,
      terminate: () => undefined,
      postMessage: (message) => {
        const { id, request } = message as Asked<Ask>;
        asked.push(request);
        const response: Answer = request.name === "load" ? true : [];
        queueMicrotask(() => line.onmessage?.(new MessageEvent("message", { data: { id, response } })));
      },
    };
    return line;
  };
  const fetch = (): Promise<Uint8Array> => {
    fetched += 1;
    return fetched === 1 ? Promise.reject(new Error("away")) : Promise.resolve(new Uint8Array(3));
  };
  return { asked, made: new Assistant({ open, fetch, store: new MemoryStore() }), fetched: () => fetched };
}

describe("Assistant", () => {
  it("tries again after an error, then loads once for many wishes", async () => {
    const { asked, made, fetched } = world();
    await expect(made.prepare(model)).rejects.toThrow("away");
    expect(await made.suggest(model, wish)).toEqual([]);
    expect(await made.suggest(model, wish)).toEqual([]);
    expect(asked.map(({ name }) => name)).toEqual(["load", "suggest", "suggest"]);
    expect(fetched()).toBe(2);
  });
});

describe("specOf", () => {
  it("takes the model's own numbers before the defaults", () => {
    expect(specOf(model)).toMatchObject({
      foreground: 0.4,
      seed: 0.5,
      hasDistance: true,
      hasBackground: false,
    });
    const classes = { ...model, decoder: "components", outputs: ["background", "cell"], diameter_px: null };
    expect(specOf(classes as ModelDetails)).toMatchObject({ hasBackground: true, diameterPx: null });
  });
});

describe("weightsOf", () => {
  it("fetches once", async () => {
    const store = new MemoryStore();
    const fetch = () => Promise.resolve(new Uint8Array([7]));
    await weightsOf("a", store, fetch);
    expect(await weightsOf("a", store, () => Promise.reject(new Error("offline")))).toEqual(
      new Uint8Array([7]),
    );
  });

  it("does without a store that is broken", async () => {
    const broken = { get: () => Promise.reject(new Error("no")), put: () => Promise.reject(new Error("no")) };
    expect(await weightsOf("a", broken, () => Promise.resolve(new Uint8Array([1])))).toHaveLength(1);
  });
});
