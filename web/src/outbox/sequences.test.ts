/** Random work over a bad connection, with crashes of the page in between: in the end the server has what the user did. */
import { describe, expect, it } from "vitest";
import type { ChangeResult } from "../api/types";
import { type Fields, numbersOf, type Queued } from "./change";
import { Outbox } from "./outbox";
import {
  type Handle,
  handleOf,
  type Random,
  randomOf,
  Server,
  SlowStore,
  type Thing,
  turns,
  upTo,
} from "./testing";

const SEQUENCES = 100;
const STEPS = 60;
const MOST_INSISTING = 40;

interface Known {
  id: number;
  version: number;
}

/** One life of the page: it ends with a crash, in the midst of whatever it does. */
class Page {
  readonly outbox: Outbox;
  readonly known = new Map<Handle, Known>();
  private readonly store: SlowStore;
  private isDead = false;

  constructor(server: Server, kept: Map<string, Queued>, random: Random, newKey: () => string) {
    this.store = new SlowStore(kept, random);
    const alive = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (this.isDead) return new Promise<Result>(() => undefined);
      return work().finally(() => (this.isDead ? new Promise(() => undefined) : undefined));
    };
    this.outbox = new Outbox({
      userId: 1,
      store: this.store,
      post: (_layer, change) => {
        const sent = structuredClone(change);
        return alive(() => server.reached(() => server.apply(sent)));
      },
      ownLayer: () => alive(() => server.reached(() => "layer")),
      current: (id) => alive(() => server.reached(() => structuredClone(server.objects.get(id)) ?? null)),
      onState: () => undefined,
      wait: () => turns(3),
      newKey,
    });
    this.outbox.listen("image", {
      delivered: (queued, result) => this.delivered(queued, result),
      refused: ({ key }) => this.insist(key),
    });
  }

  /** The user's word, which is given a few times and then no more. */
  insist(key: string): void {
    this.insisted += 1;
    if (this.insisted < MOST_INSISTING) void this.outbox.insist(key).catch(() => undefined);
  }
  private insisted = 0;

  crash(): void {
    this.isDead = true;
    this.store.isClosed = true;
  }

  /** Whether the browser's database has what the user did here, and no more. */
  get isKept(): boolean {
    const waiting = this.outbox.entriesOf("image").map(({ key }) => key);
    return waiting.every((key) => this.store.kept.has(key));
  }

  private delivered(queued: Queued, result: ChangeResult): void {
    const numbers = numbersOf(queued, result);
    for (const known of this.known.values()) {
      known.id = numbers.get(known.id) ?? known.id;
      known.version = result.versions[String(known.id)] ?? known.version;
    }
  }
}

class Session {
  readonly server: Server;
  readonly model = new Map<Handle, Thing>();
  readonly notes = new Map<Handle, string>();
  private readonly kept = new Map<string, Queued>();
  /** Deleted objects as they were. */
  private readonly last = new Map<Handle, Thing>();
  private readonly undone = new Set<string>();
  private handles = 0;
  private keys = 0;
  private lastRef = 0;
  private page: Page;

  constructor(private readonly random: Random) {
    this.server = new Server(random);
    this.page = this.opened();
  }

  async step(): Promise<void> {
    const chosen = upTo(this.random, 12);
    if (chosen <= 2) this.create();
    else if (chosen <= 5) this.update();
    else if (chosen === 6) this.remove();
    else if (chosen === 7) this.split();
    else if (chosen === 8) this.undo();
    else if (chosen === 9) this.cut();
    else if (chosen === 10) this.note();
    else await this.reload();
    await turns(upTo(this.random, 12));
  }

  async end(): Promise<void> {
    this.server.troubles = [];
    for (let i = 0; i < 50 && this.page.outbox.entriesOf("image").length > 0; i += 1) {
      for (const { key } of this.page.outbox.stuck) this.page.insist(key);
      await this.page.outbox.idle();
      await turns(50);
    }
  }

  get left(): readonly Queued[] {
    return this.page.outbox.entriesOf("image");
  }

  private opened(): Page {
    return new Page(this.server, this.kept, this.random, () => {
      this.keys += 1;
      return `key-${this.keys}`;
    });
  }

  private newThing(): { ref: number; handle: Handle; annotation: Queued["creates"][number]["annotation"] } {
    this.lastRef -= 1;
    this.handles += 1;
    const handle = `object ${this.handles}`;
    const annotation = {
      geometry: { type: "Point", coordinates: [1, 1] },
      term_id: null,
      tags: [],
      properties: { handle },
    };
    this.model.set(handle, { term_id: null, tags: [] });
    this.page.known.set(handle, { id: this.lastRef, version: 1 });
    return { ref: this.lastRef, handle, annotation };
  }

  private create(): void {
    const creates = Array.from({ length: 1 + upTo(this.random, 3) }, () => this.newThing());
    this.page.outbox.add({
      imageId: "image",
      layerId: null,
      creates: creates.map(({ ref, annotation }) => ({ ref, annotation })),
    });
  }

  private any(): Handle | null {
    const all = [...this.model.keys()].filter((handle) => this.page.known.has(handle));
    return all[upTo(this.random, all.length)] ?? null;
  }

  private changeOf(handle: Handle): Queued["updates"][number] {
    const now = this.model.get(handle) as Thing;
    const isTerm = this.random() < 0.5;
    const fields: Fields = isTerm
      ? { term_id: upTo(this.random, 1000) }
      : { tags: [`tag ${upTo(this.random, 1000)}`] };
    const before: Fields = isTerm ? { term_id: now.term_id } : { tags: [...now.tags] };
    this.model.set(handle, { ...now, ...(fields as Partial<Thing>) });
    return { ...(this.page.known.get(handle) as Known), fields, before };
  }

  private update(): void {
    const handle = this.any();
    if (handle === null) return;
    this.page.outbox.add({ imageId: "image", layerId: "layer", updates: [this.changeOf(handle)] });
  }

  private remove(): void {
    const handle = this.any();
    if (handle === null) return;
    const address = { ...(this.page.known.get(handle) as Known) };
    this.last.set(handle, this.model.get(handle) as Thing);
    this.model.delete(handle);
    this.page.outbox.add({ imageId: "image", layerId: "layer", deletes: [address] });
  }

  /** One step that changes an object and makes another. */
  private split(): void {
    const handle = this.any();
    if (handle === null) return;
    const updates = [this.changeOf(handle)];
    const { ref, annotation } = this.newThing();
    this.page.outbox.add({ imageId: "image", layerId: "layer", creates: [{ ref, annotation }], updates });
  }

  /** Takes back what was not sent yet. */
  private undo(): void {
    const { outbox, known } = this.page;
    if (outbox.stuck.length > 0) return;
    const taken = outbox.takeBack("image");
    if (!taken) return;
    this.undone.add(taken.key);
    // after a reload the page may know an object by its number and the queue by its stand-in, or the other way round
    const made = outbox.entriesOf("image").flatMap(({ creates }) => creates);
    const handleAt = (id: number): Handle =>
      [...known].find(([, one]) => one.id === id)?.[0] ??
      handleOf(made.find(({ ref }) => ref === id)?.annotation ?? this.server.objects.get(id) ?? {});
    for (const { annotation } of taken.creates) this.model.delete(handleOf(annotation));
    for (const { id, before } of taken.updates) {
      const handle = handleAt(id);
      this.model.set(handle, { ...(this.model.get(handle) as Thing), ...(before as Partial<Thing>) });
    }
    for (const { id } of taken.deletes) {
      const handle = handleAt(id);
      this.model.set(handle, this.last.get(handle) as Thing);
    }
  }

  private cut(): void {
    const kinds = ["lost", "unanswered", "busy"] as const;
    const count = 1 + upTo(this.random, 4);
    for (let i = 0; i < count; i += 1) this.server.troubles.push(kinds[upTo(this.random, 3)] ?? "lost");
  }

  private note(): void {
    const all = [...this.server.objects.values()];
    const one = all[upTo(this.random, all.length)];
    if (!one) return;
    const text = `note ${upTo(this.random, 1000)}`;
    this.notes.set(handleOf(one), text);
    this.server.note(one.id, text);
  }

  /** The page dies in the midst of its work, as soon as what the user did is in the browser's database. */
  private async reload(): Promise<void> {
    for (let i = 0; i < 200 && !this.isSafe; i += 1) await turns(1);
    if (!this.isSafe) return;
    this.page.crash();
    await turns(20);
    this.page = this.opened();
    await this.page.outbox.ready;
    for (const { key } of this.page.outbox.stuck) this.page.insist(key);
    // what waits is shown as it is kept; what is saved is read from the server
    for (const handle of [...this.model.keys(), ...this.last.keys()]) {
      const found = this.server.find(handle);
      const ref = this.page.outbox
        .entriesOf("image")
        .flatMap(({ creates }) => creates)
        .find(({ annotation }) => handleOf(annotation) === handle)?.ref;
      if (found && (ref === undefined || this.random() < 0.5))
        this.page.known.set(handle, { id: found.id, version: found.version });
      else if (ref !== undefined) this.page.known.set(handle, { id: ref, version: 1 });
    }
  }

  private get isSafe(): boolean {
    return this.page.isKept && [...this.undone].every((key) => !this.kept.has(key));
  }
}

describe("random sequences of work, cuts, lost answers and reloads", () => {
  it.each(Array.from({ length: SEQUENCES }, (_, seed) => seed))(
    "lose and double nothing (%i)",
    async (seed) => {
      const session = new Session(randomOf(seed + 1));
      for (let i = 0; i < STEPS; i += 1) await session.step();
      await session.end();
      expect(session.left).toEqual([]);
      const stored = [...session.server.objects.values()].map((one) => [
        handleOf(one),
        { term_id: one.term_id, tags: one.tags, description: one.description },
      ]);
      const wanted = [...session.model].map(([handle, thing]) => [
        handle,
        { ...thing, description: session.notes.get(handle) },
      ]);
      const byName = (a: unknown[], b: unknown[]): number => String(a[0]).localeCompare(String(b[0]));
      expect(stored.sort(byName)).toEqual(wanted.sort(byName));
    },
  );
});
