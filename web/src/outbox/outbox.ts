/**
 * Changes on their way to the server, one after the other.
 *
 * A change that cannot be delivered stays, is kept over a reload, and is sent again with the same idempotency
 * key, so that it is done once however often it is sent. Where somebody else changed another side of the same
 * object, both changes stand; where the same side, the change waits for the user's word. Nothing is dropped.
 */
import { ApiError, ConnectionError, messageFrom } from "../api/http";
import type { Annotation, AnnotationCreate, ChangeRequest, ChangeResult } from "../api/types";
import {
  collides,
  idsOf,
  type NewChange,
  numbersOf,
  type Problem,
  type Queued,
  type QueuedCreate,
  rebased,
  requestOf,
} from "./change";
import type { Store } from "./store";

export type SaveState = "saved" | "saving" | "offline";

export interface OutboxState {
  readonly state: SaveState;
  readonly waiting: number;
  readonly stuck: readonly Queued[];
}

export interface Listener {
  delivered(queued: Queued, result: ChangeResult, layerId: string): void;
  refused(queued: Queued): void;
}

export interface OutboxOptions {
  readonly userId: number | string;
  readonly store: Store;
  readonly post: (layerId: string, change: ChangeRequest) => Promise<ChangeResult>;
  readonly ownLayer: (imageId: string) => Promise<string>;
  /** The object as it is on the server; null where it is gone. */
  readonly current: (id: number) => Promise<Annotation | null>;
  readonly onState: (state: OutboxState) => void;
  readonly wait?: (ms: number) => Promise<void>;
  readonly newKey?: () => string;
}

/** A whole object as the user left it; null where the page does not know it. */
type Remade = (id: number) => AnnotationCreate | null;

const WAITS_MS = [1000, 2000, 4000, 8000];
/** Signed out, too many requests, or the server is busy: to be tried again. */
const PASSING = new Set([401, 429, 503]);

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ApiError && PASSING.has(error.status));

export class Outbox {
  private entries: Queued[] = [];
  private readonly listeners = new Map<string, Listener>();
  private isRunning = false;
  private isOffline = false;
  private idlers: (() => void)[] = [];
  private wake: (() => void) | null = null;
  private lastSeq = 0;
  /** Keys of what this page made: the store may still list what was taken back since. */
  private readonly added = new Set<string>();
  private pendingWrites = 0;
  private isStoreBroken = false;
  /** Writes to the store, one after the other. */
  private writing: Promise<void> = Promise.resolve();
  /** When what an earlier page left is known. */
  readonly ready: Promise<void>;

  constructor(private readonly options: OutboxOptions) {
    this.ready = this.resume().catch(() => undefined);
  }

  private async resume(): Promise<void> {
    const kept = await this.options.store.all();
    const mine = kept.filter(({ userId, key }) => userId === this.options.userId && !this.added.has(key));
    this.entries = [...mine, ...this.entries].sort((a, b) => a.seq - b.seq);
    this.lastSeq = Math.max(this.lastSeq, ...mine.map(({ seq }) => seq));
    this.start();
  }

  get waiting(): number {
    return this.entries.filter(({ problem }) => problem === null).length;
  }

  get stuck(): readonly Queued[] {
    return this.entries.filter(({ problem }) => problem !== null);
  }

  /** Whether something that waits would be lost with the page. */
  get isUnkept(): boolean {
    return this.entries.length > 0 && (this.pendingWrites > 0 || this.isStoreBroken);
  }

  entriesOf(imageId: string): readonly Queued[] {
    return this.entries.filter((entry) => entry.imageId === imageId);
  }

  listen(imageId: string, listener: Listener): () => void {
    this.listeners.set(imageId, listener);
    return () => {
      if (this.listeners.get(imageId) === listener) this.listeners.delete(imageId);
    };
  }

  add(change: NewChange): void {
    this.lastSeq = Math.max(Date.now(), this.lastSeq + 1);
    const queued: Queued = {
      creates: [],
      updates: [],
      deletes: [],
      ...change,
      key: (this.options.newKey ?? randomKey)(),
      userId: this.options.userId,
      seq: this.lastSeq,
      isAttempted: false,
      problem: null,
    };
    this.added.add(queued.key);
    this.entries.push(queued);
    this.keep(queued);
    this.start();
  }

  /** Takes back the newest change of an image that has not been sent; null where there is none. */
  takeBack(imageId: string): Queued | null {
    const last = this.entriesOf(imageId).findLast(({ problem }) => problem === null);
    if (!last || last.isAttempted) return null;
    this.drop(last);
    return last;
  }

  /** Gives up a change that the server does not take. */
  discard(key: string): void {
    const entry = this.entries.find((one) => one.key === key);
    if (entry) this.drop(entry);
  }

  /**
   * Sends a change that the server did not take once more, over what others did. Objects that are gone are made
   * again, as `remade` says; where no other object is left, in the user's own layer.
   */
  async insist(key: string, remade: Remade = () => null): Promise<void> {
    const entry = this.entries.find((one) => one.key === key);
    if (!entry?.problem) return;
    const fresh = await this.overOthers(entry, remade);
    const isAlone = entry.problem.kind === "gone" && fresh.updates.length + fresh.deletes.length === 0;
    const layerId = isAlone ? null : fresh.layerId;
    this.replace(key, { ...fresh, layerId, isAttempted: false, problem: null });
    this.start();
  }

  /** Tries at once instead of waiting for the next turn. */
  retryNow(): void {
    this.wake?.();
  }

  async idle(): Promise<void> {
    await this.ready;
    await this.writing;
    if (this.isRunning) await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  // ---- inside

  private has(key: string): boolean {
    return this.entries.some((entry) => entry.key === key);
  }

  private start(): void {
    if (this.isRunning) this.tell();
    else void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let entry = this.next(); entry; entry = this.next()) {
      this.tell();
      await this.deliver(entry.key);
    }
    this.isRunning = false;
    this.tell();
    for (const resolve of this.idlers.splice(0)) resolve();
  }

  private next(): Queued | undefined {
    return this.entries.find(({ problem }) => problem === null);
  }

  private tell(): void {
    const state = this.isOffline ? "offline" : this.waiting > 0 ? "saving" : "saved";
    this.options.onState({ state, waiting: this.waiting, stuck: this.stuck });
  }

  private async deliver(key: string): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      const entry = this.entries.find((one) => one.key === key);
      if (!entry) return; // taken back meanwhile
      try {
        if (idsOf(entry).some((id) => id < 0 && !entry.creates.some(({ ref }) => ref === id)))
          return this.hold(entry, { kind: "gone", message: "The object that this changes was not saved." });
        const layerId = entry.layerId ?? (await this.options.ownLayer(entry.imageId));
        if (!this.has(key)) return; // taken back meanwhile
        this.replace(key, { ...entry, layerId, isAttempted: true });
        // kept before it is sent: a page that takes over shall not take back what the server may have done
        await this.writing;
        const result = await this.options.post(layerId, requestOf(entry));
        this.isOffline = false;
        return this.delivered(entry, result, layerId);
      } catch (error) {
        if (!isPassing(error)) return this.settle(key, error);
        this.isOffline = true;
        this.tell();
        await this.pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 8000);
      }
    }
  }

  private delivered(entry: Queued, result: ChangeResult, layerId: string): void {
    const numbers = numbersOf(entry, result);
    // the others first: should the page end in between, they know the numbers of what was made
    for (const other of this.entries)
      if (other.key !== entry.key) this.replace(other.key, rebased(other, numbers, result));
    this.drop(entry);
    this.listeners.get(entry.imageId)?.delivered(entry, result, layerId);
  }

  /** After a refusal: where others changed other sides of the objects, sends it again; else keeps it. */
  private async settle(key: string, error: unknown): Promise<void> {
    this.isOffline = false;
    const entry = this.entries.find((one) => one.key === key);
    if (!entry) return;
    const isStale = error instanceof ApiError && error.code === "stale_version";
    try {
      const problem = isStale ? await this.collision(entry) : this.refusal(error);
      if (problem) return this.hold(entry, problem);
      // the key stays: the server remembers those of changes that were done, and this one was not
      this.replace(key, await this.overOthers(entry));
    } catch (failure) {
      if (!isPassing(failure)) return this.hold(entry, this.refusal(failure));
      // the connection went just now: the next turn asks again
    }
  }

  private refusal(error: unknown): Problem {
    const isGone = error instanceof ApiError && error.status === 404;
    return { kind: isGone ? "gone" : "refused", message: messageFrom(error) };
  }

  private async collision(entry: Queued): Promise<Problem | null> {
    for (const update of entry.updates) {
      const current = await this.options.current(update.id);
      if (!current) return { kind: "gone", message: "Somebody deleted this object meanwhile." };
      if (current.version !== update.version && collides(update, current))
        return { kind: "changed", message: "Somebody else changed the same thing of this object meanwhile." };
    }
    for (const one of entry.deletes) {
      const current = await this.options.current(one.id);
      if (current && current.version !== one.version)
        return { kind: "changed", message: "Somebody changed the object that you deleted." };
    }
    return null;
  }

  /** With the versions that the objects have now; what is gone is made anew, or need not be deleted. */
  private async overOthers(entry: Queued, remade: Remade = () => null): Promise<Queued> {
    const found = new Map<number, Annotation | null>();
    for (const id of idsOf(entry)) if (id > 0) found.set(id, await this.options.current(id));
    const renew = <One extends { id: number; version: number }>(one: One): One => ({
      ...one,
      version: found.get(one.id)?.version ?? one.version,
    });
    const isThere = ({ id }: { id: number }): boolean => found.get(id) !== null;
    const again = entry.updates.flatMap((one): QueuedCreate[] => {
      const whole = isThere(one) ? null : remade(one.id);
      return whole ? [{ ref: one.id, annotation: whole }] : [];
    });
    return {
      ...entry,
      creates: [...entry.creates, ...again],
      updates: entry.updates.filter(isThere).map(renew),
      deletes: entry.deletes.filter(isThere).map(renew),
    };
  }

  private hold(entry: Queued, problem: Problem): void {
    const held = { ...entry, problem };
    this.replace(entry.key, held);
    this.listeners.get(entry.imageId)?.refused(held);
  }

  private replace(key: string, queued: Queued): void {
    if (!this.has(key)) return;
    this.entries = this.entries.map((entry) => (entry.key === key ? queued : entry));
    this.keep(queued);
  }

  private drop(entry: Queued): void {
    this.entries = this.entries.filter(({ key }) => key !== entry.key);
    this.write(() => this.options.store.remove(entry.key));
    this.tell();
  }

  private keep(queued: Queued): void {
    this.write(() => this.options.store.put(queued));
  }

  private write(step: () => Promise<void>): void {
    this.pendingWrites += 1;
    const done = (isKept: boolean): void => {
      this.pendingWrites -= 1;
      this.isStoreBroken = !isKept;
    };
    // a full or forbidden store does not stop the saving itself
    this.writing = this.writing.then(step).then(
      () => done(true),
      () => done(false),
    );
  }

  private pause(ms: number): Promise<void> {
    const wait = this.options.wait ?? ((time: number) => new Promise<void>((r) => setTimeout(r, time)));
    return Promise.race([wait(ms), new Promise<void>((resolve) => (this.wake = resolve))]);
  }
}
