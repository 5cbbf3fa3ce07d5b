/** The review at work: the open objects in order, the one that is looked at, and what is decided about it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { messageFrom } from "../../api/http";
import { layerKeys } from "../../api/layers";
import { indexQuery, measurementKeys, type ObjectFilter } from "../../api/measurements";
import { postReview } from "../../api/objects";
import type { Layer, ReviewRequest } from "../../api/types";
import { tell } from "../../state/notices";
import { openDesk } from "../../state/reviewing";
import { useWorkspace, workspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { neighbour } from "./progress";

type Decision = ReviewRequest["decision"];

export interface Review {
  readonly open: number;
  readonly current: number | null;
  decide(decision: Decision): void;
  decideInView(decision: Decision): void;
  go(step: 1 | -1): void;
}

export function useReview(imageId: string, layer: Layer, filter: ObjectFilter): Review {
  const client = useQueryClient();
  const { data } = useQuery(indexQuery(layer.id, filter));
  // what was decided a moment ago may still be in the list
  const [decided, setDecided] = useState<ReadonlySet<number>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list tells what is open
  useEffect(() => setDecided(new Set()), [data]);
  const selection = useWorkspace((s) => s.selection);
  const selected = selection.filter(({ layer_id }) => layer_id === layer.id).map(({ id }) => id);
  const queue = data?.ids ?? [];
  const current = selected[0] ?? null;
  const sending = useRef(Promise.resolve());

  const show = (id: number | null): void => {
    if (id === null) workspace().editor?.select([]);
    else void workspace().editor?.selectId(id, "replace", true);
  };

  const send = (body: Omit<ReviewRequest, "layer_id">): void => {
    sending.current = sending.current.then(async () => {
      try {
        const { editor } = workspace();
        // an outline that was corrected a moment ago is what gets accepted
        await editor?.idle();
        const result = await postReview(imageId, { layer_id: layer.id, ...body });
        client.setQueryData(layerKeys.history(imageId), result.history);
        await client.invalidateQueries({ queryKey: layerKeys.list(imageId) });
        await client.invalidateQueries({ queryKey: measurementKeys.layer(layer.id) });
        if (!body.ids) tell({ kind: "success", message: `${plural(result.decided, "object")} decided.` });
      } catch (error) {
        setDecided(new Set());
        tell({ kind: "error", title: "Not decided", message: messageFrom(error) });
      }
    });
  };

  const review: Review = {
    open: queue.filter((id) => !decided.has(id)).length,
    current,
    go: (step) => show(neighbour(queue, decided, current, step)),
    decide: (decision) => {
      if (selected.length === 0) return review.go(1);
      const gone = new Set([...decided, ...selected]);
      setDecided(gone);
      send({ decision, ids: selected });
      show(neighbour(queue, gone, current, 1));
    },
    decideInView: (decision) => {
      const { viewer, plane } = workspace();
      if (!viewer) return;
      const [x0, y0, x1, y1] = viewer.camera.visibleBox;
      send({ decision, filter: { ...filter.where, ...plane, bbox: [x0, y0, x1, y1] } });
    },
  };
  const latest = useRef(review);
  latest.current = review;
  useEffect(
    () =>
      openDesk({
        accept: () => latest.current.decide("accept"),
        reject: () => latest.current.decide("reject"),
      }),
    [],
  );
  return review;
}
