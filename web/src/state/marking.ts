/** Which of many rows are marked after a click: alone, added with Ctrl, a range with Shift. */

export interface Marks {
  readonly ids: ReadonlySet<number>;
  /** Where a range starts. */
  readonly anchor: number | null;
}

export const NO_MARKS: Marks = { ids: new Set(), anchor: null };

export type MarkMode = "replace" | "toggle" | "range";

export const modeOf = (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }): MarkMode =>
  event.shiftKey ? "range" : event.ctrlKey || event.metaKey ? "toggle" : "replace";

/** `order` holds all ids as they are listed; only ranges need it. */
export function marked(marks: Marks, id: number, mode: MarkMode, order: readonly number[]): Marks {
  if (mode === "toggle") {
    const ids = new Set(marks.ids);
    if (!ids.delete(id)) ids.add(id);
    return { ids, anchor: id };
  }
  const from = mode === "range" && marks.anchor !== null ? order.indexOf(marks.anchor) : -1;
  const to = order.indexOf(id);
  if (from === -1 || to === -1) return { ids: new Set([id]), anchor: id };
  return {
    ids: new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1)),
    anchor: marks.anchor,
  };
}
