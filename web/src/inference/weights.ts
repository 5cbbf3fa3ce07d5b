/** Weights on this device, by their SHA-256: fetched once, there without a connection. */

export interface WeightStore {
  get(sha256: string): Promise<Uint8Array | null>;
  put(sha256: string, weights: Uint8Array): Promise<void>;
}

const DATABASE = "cytoloop-weights";
const TABLE = "weights";
/** Old weights go when there are more than this. */
const MOST_KEPT = 4;

/** For browsers without a database, and for tests. */
export class MemoryStore implements WeightStore {
  private readonly kept = new Map<string, Uint8Array>();

  get(sha256: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.kept.get(sha256) ?? null);
  }

  put(sha256: string, weights: Uint8Array): Promise<void> {
    this.kept.set(sha256, weights);
    return Promise.resolve();
  }
}

const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's storage failed."));
  });

/** In the browser's database, which also pages without HTTPS may use. */
export class DatabaseStore implements WeightStore {
  private opened: Promise<IDBDatabase> | null = null;

  async get(sha256: string): Promise<Uint8Array | null> {
    const found: unknown = await settled((await this.table("readonly")).get(sha256));
    return found instanceof Uint8Array ? found : null;
  }

  async put(sha256: string, weights: Uint8Array): Promise<void> {
    const table = await this.table("readwrite");
    const keys = await settled(table.getAllKeys());
    for (const key of keys.slice(0, Math.max(0, keys.length + 1 - MOST_KEPT))) table.delete(key);
    await settled(table.put(weights, sha256));
  }

  private async table(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.opened ??= this.open();
    return (await this.opened).transaction(TABLE, mode).objectStore(TABLE);
  }

  private open(): Promise<IDBDatabase> {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    return settled(request);
  }
}

/** From the store, else by `fetch`, which then goes into the store. A broken store never stands in the way. */
export async function weightsOf(
  sha256: string,
  store: WeightStore,
  fetch: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const kept = await store.get(sha256).catch(() => null);
  if (kept) return kept;
  const fetched = await fetch();
  await store.put(sha256, fetched).catch(() => undefined);
  return fetched;
}
