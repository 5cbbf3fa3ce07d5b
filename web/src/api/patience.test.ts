import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchPatiently } from "./patience";

const answers = (...list: (() => Response)[]) => {
  const fetcher = vi.fn(() => {
    const next = list.shift();
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError("down"));
  });
  vi.stubGlobal("fetch", fetcher);
  return fetcher;
};

const down = (): Response => {
  throw new TypeError("Failed to fetch");
};

describe("a patient request", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is repeated until the server is back", async () => {
    const waits: number[] = [];
    const gateway = () => new Response("", { status: 502 });
    const fetcher = answers(gateway, gateway, () => new Response("tile"));
    const response = await fetchPatiently("/x", undefined, async (ms) => void waits.push(ms));
    expect(await response.text()).toBe("tile");
    expect(fetcher).toHaveBeenCalledTimes(3);
    expect(waits).toEqual([500, 1000]);
  });

  it("is repeated while the image is on its way", async () => {
    const arriving = () =>
      new Response('{"code": "arriving", "detail": "It is being fetched."}', { status: 503 });
    const fetcher = answers(arriving, arriving, () => new Response("tile"));
    const response = await fetchPatiently("/x", undefined, async () => undefined);
    expect(await response.text()).toBe("tile");
    expect(fetcher).toHaveBeenCalledTimes(3);
  });

  it("takes no for an answer", async () => {
    const fetcher = answers(() => new Response("{}", { status: 404 }));
    await expect(fetchPatiently("/x", undefined, async () => undefined)).rejects.toThrow("no longer there");
    expect(fetcher).toHaveBeenCalledTimes(1);
  });

  it("ends when nobody wants it any more", async () => {
    const abort = new AbortController();
    answers(down);
    const waiting = fetchPatiently("/x", abort.signal, async () => abort.abort());
    await expect(waiting).rejects.toThrow();
  });
});
