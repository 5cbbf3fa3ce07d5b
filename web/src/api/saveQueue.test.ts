import { describe, expect, it } from "vitest";
import { ApiError, ConnectionError } from "./http";
import { SaveQueue, type SaveState } from "./saveQueue";
import type { ChangeRequest, ChangeResult } from "./types";

const result = (n: number): ChangeResult => ({
  change_id: n,
  generation: n,
  created_ids: [],
  versions: {},
  bbox: null,
});

function setUp(answers: (() => ChangeResult)[]) {
  const posted: ChangeRequest[] = [];
  const states: SaveState[] = [];
  let keys = 0;
  const queue = new SaveQueue({
    post: async (_layer, change) => {
      posted.push(change);
      return (answers.shift() ?? (() => result(9)))();
    },
    onState: (state) => states.push(state),
    wait: async () => undefined,
    newKey: () => {
      keys += 1;
      return `key-${keys}`;
    },
  });
  return { queue, posted, states };
}

const save = (log: string[], name: string, change: () => ChangeRequest = () => ({})) => ({
  layerId: async () => "layer",
  change,
  done: () => void log.push(`${name} done`),
  refused: () => void log.push(`${name} refused`),
});

const cut = () => {
  throw new ConnectionError("cut");
};

describe("SaveQueue", () => {
  it("delivers in order and says when all is saved", async () => {
    const log: string[] = [];
    const { queue, states } = setUp([]);
    queue.add(save(log, "a"));
    queue.add(save(log, "b"));
    expect(queue.waiting).toBe(2);
    await queue.idle();
    expect(log).toEqual(["a done", "b done"]);
    expect(states.at(-1)).toBe("saved");
  });

  it("makes a change only when it is sent, so that it sees the version that the one before gave", async () => {
    let version = 1;
    const { queue, posted } = setUp([]);
    const bump = {
      ...save([], "a"),
      done: () => {
        version += 1;
      },
    };
    queue.add(bump);
    queue.add(save([], "b", () => ({ updates: [{ id: 1, version }] })));
    await queue.idle();
    expect(posted[1]?.updates?.[0]?.version).toBe(2);
  });

  it("tries again with the same key after a cut, and shows that it is offline", async () => {
    const log: string[] = [];
    const { queue, posted, states } = setUp([cut, cut, () => result(1)]);
    queue.add(save(log, "a"));
    await queue.idle();
    expect(posted.map((change) => change.idempotency_key)).toEqual(["key-1", "key-1", "key-1"]);
    expect(states).toContain("offline");
    expect(log).toEqual(["a done"]);
  });

  it("gives a refused change back and goes on with the next", async () => {
    const log: string[] = [];
    const { queue } = setUp([
      () => {
        throw new ApiError("stale", 409, "stale_version");
      },
    ]);
    queue.add(save(log, "a"));
    queue.add(save(log, "b"));
    await queue.idle();
    expect(log).toEqual(["a refused", "b done"]);
  });

  it("gives different changes different keys", async () => {
    const { queue, posted } = setUp([]);
    queue.add(save([], "a"));
    queue.add(save([], "b"));
    await queue.idle();
    expect(new Set(posted.map((change) => change.idempotency_key)).size).toBe(2);
  });
});
