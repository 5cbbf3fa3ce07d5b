/** What the wheel does: zoom, or pan as suits a trackpad; remembered by the browser. */
import { create } from "zustand";

const KEY = "cytoloop-wheel";

function kept(): boolean {
  try {
    return window.localStorage.getItem(KEY) === "pan";
  } catch {
    // storage may be forbidden
    return false;
  }
}

export const useWheel = create<{ pans: boolean }>()(() => ({ pans: kept() }));

export function setWheelPans(pans: boolean): void {
  useWheel.setState({ pans });
  try {
    window.localStorage.setItem(KEY, pans ? "pan" : "zoom");
  } catch {
    // then it is forgotten with the page
  }
}

/** Keeps a picture's wheel as it was chosen; the answer ends that. */
export function bindWheel(viewer: { wheelPans: boolean }): () => void {
  viewer.wheelPans = useWheel.getState().pans;
  return useWheel.subscribe(({ pans }) => {
    viewer.wheelPans = pans;
  });
}
