/** One action on what is marked in a list, or on everything that its filter lets through. */
import { messageFrom } from "../api/http";
import { postBulk } from "../api/objects";
import type { BulkAction, BulkResult } from "../api/types";
import { clearMarks, useListing } from "./listing";
import { tell } from "./notices";
import { workspace } from "./workspace";

const objects = (count: number): string => `${count.toLocaleString("en-US")} object${count === 1 ? "" : "s"}`;

/** What happened, in a sentence. */
export function summaryOf({ matched, changed, locked }: BulkResult): string {
  if (matched === 0) return "There was no object to change.";
  const parts = [changed === 0 ? "Nothing had to change." : `${objects(changed)} changed.`];
  if (locked > 0) parts.push(`${objects(locked)} left as ${locked === 1 ? "it is" : "they are"}: locked.`);
  return parts.join(" ");
}

/** Without `ids`, everything in the list. Resolves when it is done, or was refused and told. */
export async function runBulk(layerId: string, action: BulkAction, ids?: readonly number[]): Promise<void> {
  const { editor } = workspace();
  try {
    // what is on its way must be there first, or the action would meet older objects
    await editor?.idle();
    const { filter } = useListing.getState();
    const chosen = ids ? { ids: [...ids] } : { filter: filter.where };
    const result = await postBulk(layerId, { action, ...chosen });
    if (["move", "delete"].includes(action.action)) {
      clearMarks();
      editor?.select([]);
    }
    editor?.applied(result.history);
    const isPartial = result.locked > 0 || result.changed === 0;
    if (isPartial || result.changed > 1)
      tell({ kind: isPartial ? "info" : "success", message: summaryOf(result) });
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}
