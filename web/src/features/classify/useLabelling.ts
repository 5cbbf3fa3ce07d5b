/** One object after the other: the next of the queue, agreement, and what is done meanwhile. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { queueQuery } from "../../api/classifiers";
import { messageFrom } from "../../api/http";
import type { QueuedObject, QueueName } from "../../api/types";
import { openLabelDesk } from "../../state/labelling";
import { tell } from "../../state/notices";
import { nextOpen } from "../../state/selecting";
import { useWorkspace, workspace } from "../../state/workspace";
import { imagePath, navigate } from "../../ui/router";

export interface Labelling {
  readonly open: number;
  next(): void;
  accept(): void;
}

/** The entry after the one that is looked at, else the first that is another. */
export function following(queue: readonly QueuedObject[], current: number | null): QueuedObject | null {
  const at = queue.findIndex(({ annotation_id }) => annotation_id === current);
  return queue[at + 1] ?? queue.find(({ annotation_id }) => annotation_id !== current) ?? null;
}

export function useLabelling(
  projectId: string,
  imageId: string,
  by: QueueName,
  generation: string,
): Labelling {
  const here = useQuery(queueQuery(projectId, by, imageId, generation)).data ?? [];
  const everywhere = useQuery(queueQuery(projectId, by, null, generation)).data ?? [];
  const selection = useWorkspace((s) => s.selection);
  const current = selection[0]?.id ?? null;

  const labelling: Labelling = {
    open: here.length,
    next: () => {
      const { editor } = workspace();
      const found = following(here, current);
      if (found) {
        void editor?.selectId(found.annotation_id, "replace", true);
        return;
      }
      const elsewhere = everywhere.find(({ image_id }) => image_id !== imageId);
      if (elsewhere) navigate(imagePath(projectId, elsewhere.image_id));
      else if (editor) void nextOpen(editor);
    },
    accept: () => {
      const { editor } = workspace();
      const open = selection.filter(({ term_id, term_score }) => term_id !== null && term_score !== null);
      if (!editor || open.length === 0) return labelling.next();
      try {
        editor.change({ updates: open.map((object) => ({ object, fields: { term_id: object.term_id } })) });
        labelling.next();
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
  };
  const latest = useRef(labelling);
  latest.current = labelling;
  useEffect(
    () => openLabelDesk({ next: () => latest.current.next(), accept: () => latest.current.accept() }),
    [],
  );
  return labelling;
}
