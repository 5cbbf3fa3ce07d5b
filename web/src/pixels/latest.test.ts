import { describe, expect, it } from "vitest";
import { openDesk } from "./desk";
import { done, type Job } from "./jobs";
import { type Asked, LatestOnly, type Line } from "./latest";
import { picture } from "./testing";

class Twin implements Line {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly asked: Asked<string>[] = [];
  isClosed = false;
  terminate(): void {
    this.isClosed = true;
  }
  postMessage(message: unknown): void {
    this.asked.push(message as Asked<string>);
  }
  answer(response: string): void {
    const id = this.asked.at(-1)?.id;
    this.onmessage?.(new MessageEvent("message", { data: { id, response } }));
  }
}

describe("LatestOnly", () => {
  it("answers only the newest of a kind", async () => {
    const twin = new Twin();
    const line = new LatestOnly<string, string>(
      () => twin,
      (request) => request[0] ?? "",
    );
    const first = line.ask("a1");
    const second = line.ask("a2");
    const third = line.ask("a3");
    const other = line.ask("b1");
    twin.answer("to a1");
    twin.answer("to a3");
    twin.answer("to b1");
    expect(await Promise.all([first, second, third, other])).toEqual([null, null, "to a3", "to b1"]);
    expect(twin.asked.map(({ request }) => request)).toEqual(["a1", "a3", "b1"]);
  });

  it("ends with what was asked", async () => {
    const twin = new Twin();
    const line = new LatestOnly<string, string>(
      () => twin,
      (request) => request,
    );
    const asked = [line.ask("a"), line.ask("b")];
    line.close();
    expect(await Promise.all(asked)).toEqual([null, null]);
    expect(twin.isClosed).toBe(true);
  });

  it("opens another worker after one broke", async () => {
    const twins = [new Twin(), new Twin()];
    let opened = 0;
    const line = new LatestOnly<string, string>(
      () => twins[opened++] ?? new Twin(),
      () => "",
    );
    const lost = line.ask("x");
    twins[0]?.onerror?.(new ErrorEvent("error", { message: "no memory" }));
    await expect(lost).rejects.toThrow("no memory");
    const next = line.ask("y");
    twins[1]?.answer("fine");
    expect(await next).toBe("fine");
  });
});

describe("jobs", () => {
  it("are done by name, through the desk too", async () => {
    const raster = picture(24, 24, (x, y) => (x > 6 && x < 18 && y > 6 && y < 18 ? 200 : 20));
    const desk = openDesk(() => {
      const line: Line = {
        onmessage: null,
        onerror: null,
        terminate: () => undefined,
        postMessage: (message) => {
          const { id, request } = message as Asked<Job>;
          const event = new MessageEvent("message", { data: { id, response: done(request) } });
          queueMicrotask(() => line.onmessage?.(event));
        },
      };
      return line;
    });
    expect((await desk.ask("superpixels", { raster, side: 6 }))?.count).toBeGreaterThan(5);
    const grown = await desk.ask("growing", { raster, seeds: [12 * 24 + 12], barred: [] });
    expect(grown).toHaveLength(1);
    const snapped = await desk.ask("snap", { raster, polygons: grown ?? [], margin: 3 });
    expect(snapped).toHaveLength(1);
  });
});
