import { describe, expect, it } from "vitest";
import { ApiError, ConnectionError } from "../api/http";
import type { Annotation, ChangeRequest, ChangeResult } from "../api/types";
import type { NewChange, Queued } from "./change";
import { Outbox, type OutboxState } from "./outbox";
import { MemoryStore, type Store } from "./store";

const answer = (more: Partial<ChangeResult> = {}): ChangeResult => ({
  change_id: 1,
  generation: 1,
  created_ids: [],
  versions: {},
  bbox: null,
  ...more,
});

const object = (id: number, more: Partial<Annotation> = {}): Annotation =>
  ({
    id,
    version: 1,
    term_id: null,
    geometry: { type: "Point", coordinates: [1, 1] },
    ...more,
  }) as Annotation;

interface World {
  answers?: (() => ChangeResult)[];
  objects?: Annotation[];
  store?: Store;
  wait?: () => Promise<void>;
}

const forever = () => new Promise<void>(() => undefined);
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

function setUp({ answers = [], objects = [], store = new MemoryStore(), wait }: World = {}) {
  const posted: { layerId: string; change: ChangeRequest }[] = [];
  const states: OutboxState[] = [];
  const delivered: Queued[] = [];
  const refused: Queued[] = [];
  let keys = 0;
  const outbox = new Outbox({
    userId: 1,
    store,
    post: async (layerId, change) => {
      posted.push({ layerId, change });
      return (answers.shift() ?? (() => answer()))();
    },
    ownLayer: async () => "own-layer",
    current: async (id) => objects.find((one) => one.id === id) ?? null,
    onState: (state) => states.push(state),
    wait: wait ?? (async () => undefined),
    newKey: () => {
      keys += 1;
      return `key-${keys}`;
    },
  });
  outbox.listen("image", { delivered: (one) => delivered.push(one), refused: (one) => refused.push(one) });
  return { outbox, posted, states, delivered, refused, store };
}

const moving = (id: number, version: number, x: number): NewChange => ({
  imageId: "image",
  layerId: "layer",
  updates: [
    {
      id,
      version,
      fields: { geometry: { type: "Point", coordinates: [x, 1] } },
      before: { geometry: { type: "Point", coordinates: [1, 1] } },
    },
  ],
});

const drawing = (ref: number): NewChange => ({
  imageId: "image",
  layerId: null,
  creates: [{ ref, annotation: { geometry: { type: "Point", coordinates: [1, 1] } } }],
});

const cut = () => {
  throw new ConnectionError("cut");
};
const stale = () => {
  throw new ApiError("stale", 409, "stale_version");
};

describe("Outbox", () => {
  it("delivers in order and says when all is saved", async () => {
    const { outbox, posted, states, delivered } = setUp();
    outbox.add(drawing(-1));
    outbox.add(moving(7, 3, 2));
    expect(outbox.waiting).toBe(2);
    await outbox.idle();
    expect(posted.map(({ layerId }) => layerId)).toEqual(["own-layer", "layer"]);
    expect(delivered).toHaveLength(2);
    expect(states.at(-1)).toMatchObject({ state: "saved", waiting: 0 });
  });

  it("gives what is sent later the number and the version that came of what was sent before", async () => {
    const { outbox, posted } = setUp({
      answers: [() => answer({ created_ids: [41] }), () => answer({ versions: { "41": 2 } })],
    });
    outbox.add(drawing(-1));
    outbox.add(moving(-1, 1, 2));
    outbox.add({ imageId: "image", layerId: "layer", deletes: [{ id: -1, version: 1 }] });
    await outbox.idle();
    expect(posted[1]?.change.updates?.[0]).toMatchObject({ id: 41, version: 1 });
    expect(posted[2]?.change.deletes?.[0]).toEqual({ id: 41, version: 2 });
  });

  it("sends again with the same key when the connection is cut", async () => {
    const { outbox, posted, states } = setUp({ answers: [cut, cut] });
    outbox.add(moving(7, 1, 2));
    await outbox.idle();
    expect(new Set(posted.map(({ change }) => change.idempotency_key))).toEqual(new Set(["key-1"]));
    expect(posted).toHaveLength(3);
    expect(states.some(({ state }) => state === "offline")).toBe(true);
  });

  it("waits where the user is signed out, and refuses nothing", async () => {
    const signedOut = () => {
      throw new ApiError("sign in", 401, "unauthorized");
    };
    const { outbox, posted, refused } = setUp({ answers: [signedOut] });
    outbox.add(moving(7, 1, 2));
    await outbox.idle();
    expect(posted).toHaveLength(2);
    expect(refused).toEqual([]);
  });

  it("goes on after a reload", async () => {
    const store = new MemoryStore();
    const first = setUp({ store, answers: [cut], wait: forever });
    first.outbox.add(drawing(-1));
    first.outbox.add(moving(-1, 1, 5));
    await turn();
    const kept = await store.all();
    expect(kept).toHaveLength(2);
    const copy = new MemoryStore();
    for (const one of kept) await copy.put(one);
    const second = setUp({ store: copy, answers: [() => answer({ created_ids: [9] })] });
    await second.outbox.idle();
    expect(second.posted[1]?.change.updates?.[0]?.id).toBe(9);
    expect(await copy.all()).toEqual([]);
  });

  it("leaves other users' changes alone", async () => {
    const store = new MemoryStore();
    const { outbox } = setUp({ store });
    await outbox.idle();
    await store.put({ ...(drawing(-1) as Queued), key: "other", userId: 2, updates: [], deletes: [] });
    const second = setUp({ store });
    await second.outbox.idle();
    expect(second.posted).toEqual([]);
  });

  it("lets both changes stand where somebody changed another side", async () => {
    const { outbox, posted, refused } = setUp({
      answers: [stale],
      objects: [object(7, { version: 4, term_id: 2 })],
    });
    outbox.add(moving(7, 3, 2));
    await outbox.idle();
    expect(posted[1]?.change.updates?.[0]?.version).toBe(4);
    expect(refused).toEqual([]);
  });

  it("asks the user where somebody changed the same side, and drops nothing", async () => {
    const others = object(7, { version: 4, geometry: { type: "Point", coordinates: [9, 9] } });
    const { outbox, posted, refused, states } = setUp({ answers: [stale], objects: [others] });
    outbox.add(moving(7, 3, 2));
    outbox.add(drawing(-5));
    await outbox.idle();
    expect(refused[0]?.problem?.kind).toBe("changed");
    expect(states.at(-1)).toMatchObject({ state: "saved", stuck: [{ key: "key-1" }] });
    expect(posted).toHaveLength(2);
    await outbox.insist("key-1");
    await outbox.idle();
    expect(posted.at(-1)?.change.updates?.[0]).toMatchObject({ id: 7, version: 4 });
    expect(outbox.stuck).toEqual([]);
  });

  it("says that an object is gone, and keeps the change until it is given up", async () => {
    const { outbox, refused, store } = setUp({ answers: [stale] });
    outbox.add(moving(7, 3, 2));
    await outbox.idle();
    expect(refused[0]?.problem?.kind).toBe("gone");
    expect(await store.all()).toHaveLength(1);
    outbox.discard("key-1");
    await outbox.idle();
    expect(await store.all()).toEqual([]);
  });

  it("makes an object again that is gone, with what else the change did", async () => {
    const { outbox, posted } = setUp({ answers: [stale, () => answer({ created_ids: [41, 42] })] });
    outbox.add({ ...moving(7, 3, 2), creates: drawing(-1).creates ?? [] });
    outbox.add(moving(7, 3, 5));
    await outbox.idle();
    outbox.discard("key-2");
    const whole = { geometry: { type: "Point", coordinates: [2, 1] } };
    await outbox.insist("key-1", (id) => (id === 7 ? whole : null));
    await outbox.idle();
    const last = posted.at(-1);
    expect(last?.layerId).toBe("own-layer");
    expect(last?.change.creates).toHaveLength(2);
    expect(last?.change.creates?.[1]).toEqual(whole);
    expect(last?.change.updates).toEqual([]);
  });

  it("does not send what was taken back while the user's layer was made", async () => {
    const { outbox, posted } = setUp();
    outbox.add(drawing(-1));
    expect(outbox.takeBack("image")).not.toBeNull();
    await outbox.idle();
    await turn();
    expect(posted).toEqual([]);
  });

  it("takes back what was not sent yet, and only that", async () => {
    const { outbox } = setUp({ answers: [cut], wait: forever });
    outbox.add(drawing(-1));
    outbox.add(drawing(-2));
    await turn();
    expect(outbox.takeBack("image")?.creates[0]?.ref).toBe(-2);
    expect(outbox.takeBack("image")).toBeNull();
    expect(outbox.takeBack("other")).toBeNull();
  });

  it("holds what changes an object that was never saved", async () => {
    const no = () => {
      throw new ApiError("outside the image", 422, "invalid");
    };
    const { outbox, refused } = setUp({ answers: [no] });
    outbox.add(drawing(-1));
    outbox.add(moving(-1, 1, 2));
    await outbox.idle();
    expect(refused.map(({ problem }) => problem?.kind)).toEqual(["refused", "gone"]);
  });
});
