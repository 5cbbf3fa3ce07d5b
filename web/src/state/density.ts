/** The density map on the picture: of which class, how smooth, how strong. */
import { create } from "zustand";

export interface Density {
  readonly isOn: boolean;
  /** Null: objects of all classes. */
  readonly termId: number | null;
  readonly radiusPx: number;
  readonly opacity: number;
}

export const RADIUS_RANGE_PX = [5, 4000] as const;

const INITIAL: Density = { isOn: false, termId: null, radiusPx: 100, opacity: 0.75 };

export const useDensity = create<Density>()(() => INITIAL);

export const setDensity = (change: Partial<Density>): void => useDensity.setState(change);
