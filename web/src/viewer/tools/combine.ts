/** How a new stroke meets what is there: decided by the keys held when it starts. */
import type { ToolPointer } from "./tool";

/**
 * "new" draws another object; "add", "subtract" and "intersect" change the selected one; "avoid" draws
 * another object that leaves out its neighbours in the plane.
 */
export type Combine = "new" | "add" | "subtract" | "intersect" | "avoid";

/** Shift adds, Alt subtracts, Shift+Alt intersects, Ctrl+Shift avoids the neighbours. */
export function combineOf({ shift, alt, ctrl }: Pick<ToolPointer, "shift" | "alt" | "ctrl">): Combine {
  if (ctrl && shift) return "avoid";
  if (shift && alt) return "intersect";
  if (shift) return "add";
  return alt ? "subtract" : "new";
}

export const NOTHING_TO_CHANGE =
  "Select one area of an editable layer first; Shift adds to it, Alt takes away, Shift+Alt keeps the overlap.";
