import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renew } from "./renewing";

const KEY = ["images", "a project"];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function shown(takes: number) {
  const client = new QueryClient();
  let version = 0;
  const server = { version: 0 };
  const asked = vi.fn(async () => {
    const answer = server.version;
    await new Promise((resolve) => setTimeout(resolve, takes));
    version = answer;
    return answer;
  });
  new QueryObserver(client, { queryKey: KEY, queryFn: asked }).subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(takes);
  asked.mockClear();
  return { client, server, asked, latest: () => version };
}

it("asks at once", async () => {
  const { client, asked } = await shown(10);
  renew(client, KEY);
  expect(asked).toHaveBeenCalledTimes(1);
});

it("asks twice where fifty changes are told while one answer is awaited, and ends with the last", async () => {
  const { client, server, asked, latest } = await shown(100);
  for (let at = 0; at < 50; at += 1) {
    server.version += 1;
    renew(client, KEY);
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveBeenCalledTimes(2);
  expect(latest()).toBe(50);
});

it("asks anew after a quiet while, and for another list at once", async () => {
  const { client, asked } = await shown(10);
  const invalidated = vi.spyOn(client, "invalidateQueries");
  renew(client, KEY);
  renew(client, ["project"]);
  expect(invalidated).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1000);
  renew(client, KEY);
  expect(asked).toHaveBeenCalledTimes(2);
});
