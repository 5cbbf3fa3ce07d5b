import { describe, expect, it } from "vitest";
import type { Image } from "../../../api/types";
import { givenOf, NO_STEPS, recorded, redone, type Step, stepTo, stillSo, undone } from "./steps";

const image = (id: string, term_id: number | null, term_score: number | null = null): Image =>
  ({ id, term_id, term_score }) as Image;
const step = (id: string): Step => ({
  before: [givenOf(image(id, null))],
  after: [givenOf(image(id, 1))],
});

describe("steps of giving images classes", () => {
  it("go back and forth until a new one", () => {
    const two = recorded(recorded(NO_STEPS, step("a")), step("b"));
    const back = undone(two);
    expect(back).toEqual({ past: [step("a")], future: [step("b")] });
    expect(redone(back)).toEqual(two);
    expect(undone(undone(back))).toEqual({ past: [], future: [step("b"), step("a")] });
    expect(recorded(back, step("c"))).toEqual({ past: [step("a"), step("c")], future: [] });
  });

  it("change only what is not so yet", () => {
    const images = [image("a", 1), image("b", 1, 0.8), image("c", null)];
    const given = stepTo(images, ({ id }) => ({ image_id: id, term_id: 1, term_score: null }));
    expect(given?.after.map(({ image_id }) => image_id)).toEqual(["b", "c"]);
    expect(given?.before).toEqual([givenOf(image("b", 1, 0.8)), givenOf(image("c", null))]);
    expect(stepTo(images, givenOf)).toBeNull();
  });

  it("leave what somebody else changed since", () => {
    const { before, after } = stepTo([image("a", 2, 0.7), image("b", null)], ({ id }) => ({
      image_id: id,
      term_id: 1,
      term_score: null,
    })) as Step;
    const now = [image("a", 1), image("b", 2)];
    expect(stillSo(now, after, before)).toEqual([givenOf(image("a", 2, 0.7))]);
    expect(stillSo([], after, before)).toEqual([]);
  });
});
