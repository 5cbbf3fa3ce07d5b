import { describe, expect, it } from "vitest";
import { FEATURES, isNetwork, METHODS, methodOf, withMethod } from "./methods";

describe("methods of telling classes apart", () => {
  it("are named by their settings and back", () => {
    for (const { value } of METHODS.flatMap(({ items }) => items)) {
      expect(methodOf(withMethod(FEATURES, value, "objects"))).toBe(value);
    }
  });

  it("keep what both have", () => {
    const network = withMethod({ ...FEATURES, seed: 7 }, "encoder-tuned", "images");
    expect(network).toMatchObject({ learner: "encoder", frozen: false, side: 128, seed: 7 });
    expect(withMethod({ ...network, seed: 8 }, "svm", "images")).toEqual({
      ...FEATURES,
      learner: "svm",
      seed: 8,
    });
    const small = withMethod(network, "cnn", "images");
    expect(isNetwork(small) && small.side).toBe(128);
  });
});
