/** For tests of the outbox: a server that loses requests and answers, a slow store, and random numbers by a seed. */
import { ApiError, ConnectionError } from "../api/http";
import type { Annotation, ChangeRequest, ChangeResult } from "../api/types";
import type { Queued } from "./change";
import type { Store } from "./store";

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Random = () => number;
export const upTo = (random: Random, count: number): number => Math.floor(random() * count);

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

/** Which object of the user's it is, whatever its number: written into it when it is made. */
export type Handle = string;

export interface Thing {
  readonly term_id: number | null;
  readonly tags: readonly string[];
}

/** Applies a change whole or not at all, knows the keys it has seen, and refuses old versions, as the real one does. */
export class Server {
  readonly objects = new Map<number, Annotation>();
  private readonly answers = new Map<string, ChangeResult>();
  private lastId = 0;
  private lastChange = 0;
  /** What becomes of the next requests: lost on the way, or answered into the void. */
  troubles: ("lost" | "unanswered" | "busy")[] = [];

  constructor(private readonly random: Random) {}

  async reached<Result>(work: () => Result): Promise<Result> {
    await turns(upTo(this.random, 6));
    const trouble = this.troubles.shift();
    if (trouble === "lost") throw new ConnectionError("lost");
    if (trouble === "busy") throw new ApiError("busy", 503, "busy");
    const result = work();
    await turns(upTo(this.random, 6));
    if (trouble === "unanswered") throw new ConnectionError("unanswered");
    return result;
  }

  apply(change: ChangeRequest): ChangeResult {
    const key = change.idempotency_key ?? "";
    const known = this.answers.get(key);
    if (known) return known;
    const touched = [...(change.updates ?? []), ...(change.deletes ?? [])];
    if (touched.some(({ id, version }) => this.objects.get(id)?.version !== version))
      throw new ApiError("changed meanwhile", 409, "stale_version");
    const made = (change.creates ?? []).map((one) => this.add(one as unknown as Partial<Annotation>));
    const versions: Record<string, number> = {};
    for (const { id, version, ...fields } of change.updates ?? []) {
      this.put(id, fields as Partial<Annotation>);
      versions[String(id)] = version + 1;
    }
    for (const { id } of change.deletes ?? []) this.objects.delete(id);
    this.lastChange += 1;
    const answer = {
      change_id: this.lastChange,
      generation: this.lastChange,
      created_ids: made,
      versions,
      bbox: null,
    };
    this.answers.set(key, answer);
    return answer;
  }

  /** Somebody else writes a note on an object, which raises its version. */
  note(id: number, description: string): void {
    this.put(id, { description });
  }

  find(handle: Handle): Annotation | undefined {
    return [...this.objects.values()].find((one) => handleOf(one) === handle);
  }

  private add(fields: Partial<Annotation>): number {
    this.lastId += 1;
    this.objects.set(this.lastId, { ...fields, id: this.lastId, version: 1 } as Annotation);
    return this.lastId;
  }

  private put(id: number, fields: Partial<Annotation>): void {
    const before = this.objects.get(id);
    if (before) this.objects.set(id, { ...before, ...fields, version: before.version + 1 });
  }
}

export const handleOf = (one: { properties?: unknown }): Handle =>
  String((one.properties as Record<string, unknown> | undefined)?.handle);

/** The browser's database: what is written is there a moment later, in the order of writing. */
export class SlowStore implements Store {
  constructor(
    readonly kept: Map<string, Queued>,
    private readonly random: Random,
  ) {}
  isClosed = false;

  async all(): Promise<Queued[]> {
    await turns(upTo(this.random, 4));
    return structuredClone([...this.kept.values()]);
  }

  put(queued: Queued): Promise<void> {
    return this.write(() => this.kept.set(queued.key, structuredClone(queued)));
  }

  remove(key: string): Promise<void> {
    return this.write(() => this.kept.delete(key));
  }

  private async write(step: () => void): Promise<void> {
    await turns(upTo(this.random, 5));
    if (!this.isClosed) step();
  }
}
