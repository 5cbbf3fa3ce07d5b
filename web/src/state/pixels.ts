/** Scribbles and the preview of a pixel classifier: what is drawn where, and what is laid over the picture. */
import { create } from "zustand";

/** What the preview on the picture does. */
export type PreviewState = "off" | "loading" | "shown" | "too large" | "failed";

export interface Pixels {
  /** The layer on which new objects are drawn as scribbles; null while objects are drawn as usual. */
  readonly scribbleLayerId: string | null;
  /** Whether a training follows each scribble. */
  readonly isLive: boolean;
  readonly showsPreview: boolean;
  /** The version that is previewed and applied; null: the newest. */
  readonly version: number | null;
  readonly opacity: number;
  /** The place of the one class whose probability is shown; null: the most probable class of each pixel. */
  readonly only: number | null;
  readonly preview: PreviewState;
  /** Why there is no preview. */
  readonly problem: string;
}

const INITIAL: Pixels = {
  scribbleLayerId: null,
  isLive: false,
  showsPreview: true,
  version: null,
  opacity: 0.5,
  only: null,
  preview: "off",
  problem: "",
};

export const usePixels = create<Pixels>()(() => INITIAL);

export const pixels = (): Pixels => usePixels.getState();

export const setPixels = (change: Partial<Pixels>): void => usePixels.setState(change);
