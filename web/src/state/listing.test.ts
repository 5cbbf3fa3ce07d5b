import { beforeEach, describe, expect, it, vi } from "vitest";

vi.mock("../api/objects", () => ({ annotationsOf: vi.fn(async () => []) }));

import { clearMarks, mark, useListing } from "./listing";
import { NO_MARKS } from "./marking";
import { notices } from "./notices";

const LAYER = "a layer";
const ORDER = [1, 2, 3, 4, 5, 6];

const markedIds = () => [...useListing.getState().marks.ids].sort();

/** An order of the list that comes when it is let. */
function lateOrder() {
  let come: (ids: readonly number[]) => void = () => undefined;
  let fail: (why: Error) => void = () => undefined;
  const order = new Promise<readonly number[]>((resolve, reject) => {
    come = resolve;
    fail = reject;
  });
  return { order: () => order, come: () => come(ORDER), fail: () => fail(new Error("no connection")) };
}

const never = async () => {
  throw new Error("only ranges need the order");
};

describe("marks by clicks", () => {
  beforeEach(() => {
    clearMarks();
    useListing.setState({ layerId: LAYER, marks: NO_MARKS });
  });

  it("adds after a range what was clicked while the order was on its way", async () => {
    const late = lateOrder();
    await mark(LAYER, 2, "replace", never);
    const range = mark(LAYER, 6, "range", late.order);
    const toggle = mark(LAYER, 4, "toggle", never);
    await Promise.resolve();
    expect(markedIds()).toEqual([2]);
    late.come();
    await Promise.all([range, toggle]);
    expect(markedIds()).toEqual([2, 3, 5, 6]);
  });

  it("begins anew at a plain click, whatever is on its way", async () => {
    const late = lateOrder();
    await mark(LAYER, 2, "replace", never);
    const range = mark(LAYER, 6, "range", late.order);
    await mark(LAYER, 5, "replace", never);
    late.come();
    await range;
    expect(markedIds()).toEqual([5]);
  });

  it("goes on after an order that never came", async () => {
    const late = lateOrder();
    await mark(LAYER, 2, "replace", never);
    const told = vi.fn();
    const stop = notices.on("notice", ({ message }) => told(message));
    const range = mark(LAYER, 6, "range", late.order);
    const toggle = mark(LAYER, 4, "toggle", never);
    late.fail();
    await Promise.all([range, toggle]);
    stop();
    expect(markedIds()).toEqual([2, 4]);
    expect(told.mock.calls).toEqual([["no connection"]]);
  });

  it("marks nothing of a layer that is no longer listed", async () => {
    const late = lateOrder();
    await mark(LAYER, 2, "replace", never);
    const range = mark(LAYER, 6, "range", late.order);
    useListing.setState({ layerId: "another", marks: NO_MARKS });
    late.come();
    await range;
    expect(markedIds()).toEqual([]);
  });
});
