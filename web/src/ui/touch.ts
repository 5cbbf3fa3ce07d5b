/** Larger buttons for fingers: from the first touch on, or at once where fingers are the usual pointer. */

export function watchTouch(): void {
  const root = document.documentElement;
  const begin = (): void => {
    root.dataset.touch = "";
  };
  if (window.matchMedia("(pointer: coarse)").matches) begin();
  window.addEventListener("pointerdown", ({ pointerType }) => {
    if (pointerType === "touch") begin();
    else if (pointerType === "mouse") delete root.dataset.touch;
  });
}
