/** What the browser must know of a model to run it as the server does. */
import type { ModelDetails } from "../api/types";

export interface NetworkSpec {
  /** Of the weights: two models with the same weights are one network. */
  readonly sha256: string;
  readonly name: string;
  readonly channels: number;
  /** The sides of what the network sees are multiples of this. */
  readonly stride: number;
  readonly smallest: number;
  /** How large objects were in training; null where size does not matter. */
  readonly diameterPx: number | null;
  /** True where the second map is the distance to the edge, over the object's largest. */
  readonly hasDistance: boolean;
  /** True where the first of several maps is the background. */
  readonly hasBackground: boolean;
  /** The probability from which a pixel belongs to an object. */
  readonly foreground: number;
  /** The normalised distance from which a pixel belongs to an object's middle. */
  readonly seed: number;
}

/** The server's defaults, learning/decoding/settings.py. */
const FOREGROUND = 0.53;
const SEED = 0.5;

export function specOf(model: ModelDetails): NetworkSpec {
  const number = (name: string, otherwise: number): number => {
    const value: unknown = model.decoding[name];
    return typeof value === "number" ? value : otherwise;
  };
  return {
    sha256: model.weights_sha256,
    name: model.name,
    channels: model.channels,
    stride: model.stride,
    smallest: model.smallest,
    diameterPx: model.diameter_px ?? null,
    hasDistance: model.decoder === "watershed" && model.outputs.length > 1,
    hasBackground: model.decoder === "components" && model.outputs.length > 1,
    foreground: number("foreground", FOREGROUND),
    seed: number("seed", SEED),
  };
}
