import { beforeEach, describe, expect, it } from "vitest";
import type { HistoryEntry } from "../api/types";
import { stepsDownTo, undoDownTo } from "./traveling";
import { setWorkspace } from "./workspace";

const entry = (id: number, undoable = true): HistoryEntry =>
  ({ id, undoable, own: undoable, state: "done", label: "Draw an object", objects: 1 }) as HistoryEntry;

const saved = (waiting: number) => setWorkspace({ save: { state: "saved", waiting, stuck: [] } });

function past(entries: readonly HistoryEntry[], stopsAfter = Number.POSITIVE_INFINITY) {
  let undone = 0;
  const editor = {
    imageId: "image",
    undo: async () => {
      if (undone >= stopsAfter) return false;
      undone += 1;
      return true;
    },
  };
  const changes = async (_image: string, before: number | null, limit = 50) =>
    entries.filter(({ id }) => before === null || id < before).slice(0, limit);
  return { editor, changes, count: () => undone };
}

describe("undo down to a change", () => {
  beforeEach(() => saved(0));

  it("counts the user's own steps that stand, and no others", () => {
    const entries = [entry(9), entry(8, false), entry(7), entry(5)];
    expect(stepsDownTo(entries, 7)).toBe(2);
    expect(stepsDownTo(entries, 9)).toBe(1);
  });

  it("takes that change back and the newer ones, over many pages of other people's", async () => {
    const others = Array.from({ length: 1200 }, (_, i) => entry(2000 - i, false));
    const { editor, changes, count } = past([entry(2001), ...others, entry(700), entry(600)]);
    expect(await undoDownTo({ editor, changes }, 700)).toBe(2);
    expect(count()).toBe(2);
  });

  it("stops at a step that cannot be taken back", async () => {
    const { editor, changes, count } = past([entry(3), entry(2), entry(1)], 1);
    expect(await undoDownTo({ editor, changes }, 1)).toBe(1);
    expect(count()).toBe(1);
  });

  it("waits until all is saved", async () => {
    saved(1);
    const { editor, changes, count } = past([entry(3)]);
    expect(await undoDownTo({ editor, changes }, 3)).toBe(0);
    expect(count()).toBe(0);
  });
});
