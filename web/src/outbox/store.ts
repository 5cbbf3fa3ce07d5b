/** Where waiting changes are kept: in the browser's database, so that a reload does not lose them. */
import type { Queued } from "./change";

export interface Store {
  all(): Promise<Queued[]>;
  put(queued: Queued): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Where the browser forbids storage, changes wait in memory only. */
export class MemoryStore implements Store {
  private readonly kept = new Map<string, Queued>();
  async all(): Promise<Queued[]> {
    return [...this.kept.values()];
  }
  async put(queued: Queued): Promise<void> {
    this.kept.set(queued.key, queued);
  }
  async remove(key: string): Promise<void> {
    this.kept.delete(key);
  }
}

const NAME = "cytoloop-outbox";
const TABLE = "changes";

const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A store that is still being opened. */
export class OpeningStore implements Store {
  constructor(private readonly opening: Promise<Store>) {}
  all = async (): Promise<Queued[]> => (await this.opening).all();
  put = async (queued: Queued): Promise<void> => (await this.opening).put(queued);
  remove = async (key: string): Promise<void> => (await this.opening).remove(key);
}

export class BrowserStore implements Store {
  private constructor(private readonly database: IDBDatabase) {}

  static async open(): Promise<Store> {
    try {
      const opening = indexedDB.open(NAME, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE, { keyPath: "key" });
      return new BrowserStore(await settled(opening));
    } catch {
      return new MemoryStore();
    }
  }

  async all(): Promise<Queued[]> {
    return settled(this.table("readonly").getAll() as IDBRequest<Queued[]>);
  }

  async put(queued: Queued): Promise<void> {
    await settled(this.table("readwrite").put(queued));
  }

  async remove(key: string): Promise<void> {
    await settled(this.table("readwrite").delete(key));
  }

  private table(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(TABLE, mode).objectStore(TABLE);
  }
}
