/** Suggestions of an image at once: agreed to above a probability, or taken away. */
import { messageFrom } from "../../api/http";
import { postBulk } from "../../api/objects";
import type { BulkRequest, Layer } from "../../api/types";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { plural } from "../../ui/format";

async function onEach(
  layers: readonly Layer[],
  body: BulkRequest,
  done: (count: number) => string,
): Promise<void> {
  const { editor } = workspace();
  try {
    await editor?.idle();
    let changed = 0;
    for (const { id, count } of layers) {
      if (count === 0) continue;
      const result = await postBulk(id, body);
      changed += result.changed;
      editor?.applied(result.history);
    }
    tell({ kind: changed > 0 ? "success" : "info", message: done(changed) });
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}

export const acceptMany = (layers: readonly Layer[], least: number): Promise<void> =>
  onEach(
    layers,
    { action: { action: "accept_term" }, filter: { suggested: true, min_term_score: least } },
    (count) => (count > 0 ? `${plural(count, "suggestion")} accepted.` : "No suggestion is that certain."),
  );

export const clearMany = (layers: readonly Layer[]): Promise<void> =>
  onEach(
    layers,
    { action: { action: "set_term", term_id: null }, filter: { suggested: true } },
    (count) => `${plural(count, "suggestion")} taken away. Ctrl+Z brings them back.`,
  );
