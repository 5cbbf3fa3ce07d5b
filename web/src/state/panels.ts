/** How much room the panels beside the picture take; remembered by the browser. */
import { create } from "zustand";

export interface Panels {
  readonly left: boolean;
  readonly right: boolean;
  readonly rightPx: number;
}

export const LEFT_PX = 256;
export const RIGHT_RANGE_PX = [300, 720] as const;
const USUAL: Panels = { left: true, right: true, rightPx: 388 };
const KEY = "cytoloop-panels";

export const widthWithin = (px: number): number =>
  Math.round(Math.min(RIGHT_RANGE_PX[1], Math.max(RIGHT_RANGE_PX[0], px)));

/** What was kept, as far as it makes sense. */
export function parsePanels(text: string | null): Panels {
  try {
    const kept: unknown = JSON.parse(text ?? "null");
    if (typeof kept !== "object" || kept === null) return USUAL;
    const { left, right, rightPx } = kept as Record<string, unknown>;
    return {
      left: left !== false,
      right: right !== false,
      rightPx: typeof rightPx === "number" && rightPx > 0 ? widthWithin(rightPx) : USUAL.rightPx,
    };
  } catch {
    return USUAL;
  }
}

function kept(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden
    return null;
  }
}

export const usePanels = create<Panels>()(() => parsePanels(kept()));

usePanels.subscribe((panels) => {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(panels));
  } catch {
    // then it is forgotten with the page
  }
});

export const togglePanel = (side: "left" | "right"): void =>
  usePanels.setState((panels) => ({ ...panels, [side]: !panels[side] }));

export const resizeRight = (px: number): void => usePanels.setState({ rightPx: widthWithin(px) });
