/** Back to an earlier state of the image, over the user's own changes. */
import { changesOf } from "../api/history";
import { messageFrom } from "../api/http";
import type { HistoryEntry } from "../api/types";
import type { Editor } from "./editor";
import { tell } from "./notices";
import { workspace } from "./workspace";

const PAGE = 500;

export interface Past {
  readonly editor: Pick<Editor, "imageId" | "undo">;
  readonly changes?: typeof changesOf;
}

/** How many of the user's own changes stand, from the newest down to this one. */
export const stepsDownTo = (entries: readonly HistoryEntry[], id: number): number =>
  entries.filter((one) => one.undoable && one.id >= id).length;

/** Takes back this change of the user's and their newer ones, the newest first; stops where one cannot be. */
export async function undoDownTo({ editor, changes = changesOf }: Past, id: number): Promise<number> {
  if (workspace().save.waiting > 0) {
    tell({ kind: "info", message: "Your last changes are still being saved. Try again in a moment." });
    return 0;
  }
  try {
    const steps = await stepsFrom(changes, editor.imageId, id);
    let done = 0;
    // a step that cannot be taken back has its own message
    while (done < steps && (await editor.undo())) done += 1;
    if (done > 0 && done < steps)
      tell({ kind: "info", message: `${done} of ${steps} steps were undone; the rest stays as it is.` });
    return done;
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
    return 0;
  }
}

async function stepsFrom(changes: typeof changesOf, imageId: string, id: number): Promise<number> {
  let [steps, before] = [0, null as number | null];
  for (;;) {
    const page = await changes(imageId, before, PAGE);
    steps += stepsDownTo(page, id);
    const last = page.at(-1);
    if (!last || last.id <= id || page.length < PAGE) return steps;
    before = last.id;
  }
}
