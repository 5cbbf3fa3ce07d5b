/** How far a review is, and what comes next. */
import type { ReviewCounts } from "../../api/types";

export const decidedShare = ({ predicted, accepted, rejected }: ReviewCounts): number => {
  const all = predicted + accepted + rejected;
  return all === 0 ? 1 : (accepted + rejected) / all;
};

/** The open object after or before this one, around the end; without one, the first. Decided ones are left out. */
export function neighbour(
  queue: readonly number[],
  decided: ReadonlySet<number>,
  current: number | null,
  step: 1 | -1,
): number | null {
  const at = current === null ? -1 : queue.indexOf(current);
  for (let far = 1; far <= queue.length; far += 1) {
    const start = at === -1 && step === -1 ? 0 : at;
    const id = queue[(start + step * far + queue.length * 2) % queue.length];
    if (id !== undefined && id !== current && !decided.has(id)) return id;
  }
  return null;
}
