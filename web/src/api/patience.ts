/**
 * Tiles outlive a lost connection: a request that cannot be delivered is repeated until the server is back, and so is
 * one that has to wait for what the server depends on (the image is being fetched, say).
 */
import { ApiError, ConnectionError, csrfHeaders, errorOf } from "./http";

const WAITS_MS = [500, 1000, 2000, 4000];
/** Some five minutes; by then the tile is asked for anew. */
const MOST_TRIES = 75;

const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ApiError && error.status === 503);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function once(address: string, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { signal: signal ?? null, headers: csrfHeaders() });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ConnectionError("The server cannot be reached.");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function fetchPatiently(
  address: string,
  signal?: AbortSignal,
  wait: (ms: number) => Promise<void> = sleep,
): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(address, signal);
    } catch (error) {
      if (!isPassing(error) || tries >= MOST_TRIES || signal?.aborted) throw error;
      await wait(WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? 4000);
    }
  }
}
