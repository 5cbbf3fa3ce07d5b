import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jobApplied, layerApplied, logApplied, upserted, without } from "./events";
import { LiveStream, type Source } from "./sse";
import type { Job, Layer, LogLine } from "./types";

const job = (part: Partial<Job>): Job =>
  ({ id: "j", state: "running", started_at: "s1", finished_at: null, ...part }) as Job;

describe("what an event changes", () => {
  it("replaces or adds an item", () => {
    expect(upserted([{ id: 1, v: "a" }], { id: 1, v: "b" })).toEqual([{ id: 1, v: "b" }]);
    expect(upserted([{ id: 1 }], { id: 2 }, "first")).toEqual([{ id: 2 }, { id: 1 }]);
    expect(without([{ id: 1 }, { id: 2 }], 1)).toEqual([{ id: 2 }]);
  });

  it("never takes a finished job back to running, unless it was started again", () => {
    const done = job({ state: "done", finished_at: "f" });
    expect(jobApplied([done], job({ progress: 0.5 }))[0]?.state).toBe("done");
    expect(jobApplied([done], job({ started_at: "s2" }))[0]?.state).toBe("running");
    expect(jobApplied([job({})], done)[0]?.state).toBe("done");
  });

  it("appends log lines once", () => {
    const line = (id: number) => ({ id }) as LogLine;
    expect(logApplied([line(1)], line(2))).toHaveLength(2);
    expect(logApplied([line(1), line(2)], line(2))).toHaveLength(2);
  });

  it("raises the generation of a layer, and never lowers it", () => {
    const layers = [{ id: "l", generation: 5 } as Layer];
    expect(layerApplied(layers, { layer_id: "l", generation: 6, bbox: null })[0]?.generation).toBe(6);
    expect(layerApplied(layers, { layer_id: "l", generation: 4, bbox: null })[0]?.generation).toBe(5);
  });
});

class FakeSource implements Source {
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readyState = 1;
  listeners = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(kind, listener);
  }
  close() {
    this.readyState = 2;
  }
}

describe("LiveStream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp() {
    const sources: FakeSource[] = [];
    const log: string[] = [];
    const stream = new LiveStream(
      "p",
      {
        onEvent: (kind, data) => log.push(`${kind} ${JSON.stringify(data)}`),
        onRecovered: () => log.push("recovered"),
        onStatus: (status) => log.push(status),
      },
      () => {
        const source = new FakeSource();
        sources.push(source);
        return source;
      },
    );
    return { stream, sources, log };
  }

  it("hands on events by their kind", () => {
    const { sources, log } = setUp();
    sources[0]?.listeners.get("job")?.(new MessageEvent("job", { data: '{"id":1}' }));
    expect(log).toEqual(['job {"id":1}']);
  });

  it("asks for what was missed only after it was down", () => {
    const { sources, log } = setUp();
    sources[0]?.onopen?.(new Event("open"));
    sources[0]?.onerror?.(new Event("error"));
    sources[0]?.onopen?.(new Event("open"));
    expect(log).toEqual(["live", "down", "live", "recovered"]);
  });

  it("opens a new source where the browser gave up, and waits longer each time", () => {
    const { sources } = setUp();
    const fail = (source: FakeSource | undefined) => {
      if (!source) throw new Error("no source");
      source.readyState = 2;
      source.onerror?.(new Event("error"));
    };
    fail(sources[0]);
    vi.advanceTimersByTime(1000);
    expect(sources).toHaveLength(2);
    fail(sources[1]);
    vi.advanceTimersByTime(1000);
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(sources).toHaveLength(3);
  });

  it("stays closed once closed", () => {
    const { stream, sources } = setUp();
    stream.close();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});
