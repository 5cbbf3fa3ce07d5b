/** What the tools that look at pixels can be told. */
import type { ModelDetails } from "../../api/types";

/** Who finds contours: a network, or region growing. */
export type AssistMethod =
  | { readonly kind: "growing" }
  | { readonly kind: "model"; readonly model: ModelDetails };

/** What region growing is called where a contour's origin is kept. */
export const GROWING = "region-growing";

export const methodName = (method: AssistMethod): string =>
  method.kind === "model" ? method.model.name : GROWING;

export interface ToolOptions {
  /** Of the colour fill, and of the wand before it is dragged: 0..255. */
  readonly tolerance: number;
  /** Which objects of a box the threshold takes. */
  readonly thresholdKeeps: "largest" | "all";
  /** Side of a superpixel, screen pixels. */
  readonly superpixelSide: number;
  /** What a drag of the assist tool means. */
  readonly assistDrag: "line" | "box";
  /** Null until the server was asked which models there are. */
  readonly assistMethod: AssistMethod | null;
}

export const DEFAULT_OPTIONS: ToolOptions = {
  tolerance: 24,
  thresholdKeeps: "largest",
  superpixelSide: 24,
  assistDrag: "line",
  assistMethod: null,
};

const SIDES = { least: 6, most: 120 } as const;

export const superpixelSide = (side: number): number =>
  Math.round(Math.min(SIDES.most, Math.max(SIDES.least, side)));
