/** Larger buttons for fingers: at once where fingers are the usual pointer, else after the first touch. */

/** What is under the finger must not move before its click has come. */
const AFTER_CLICK_MS = 400;

export function watchTouch(): void {
  const root = document.documentElement;
  const begin = (): void => {
    root.dataset.touch = "";
  };
  if (window.matchMedia("(pointer: coarse)").matches) return begin();
  window.addEventListener("pointerup", ({ pointerType }) => {
    if (pointerType === "touch") setTimeout(begin, AFTER_CLICK_MS);
  });
  window.addEventListener("pointermove", ({ pointerType }) => {
    if (pointerType === "mouse") delete root.dataset.touch;
  });
}
