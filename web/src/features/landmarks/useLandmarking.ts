/** While landmarks are placed, a click with the point tool puts the active one on the image's layer for them. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { messageFrom } from "../../api/http";
import { acceptLandmarks, landmarkKeys, landmarkLayer } from "../../api/landmarks";
import { layerKeys } from "../../api/layers";
import type { Plane } from "../../api/types";
import { openLabelDesk } from "../../state/labelling";
import { nextMissing, setLandmarks, useLandmarks } from "../../state/landmarks";
import { tell } from "../../state/notices";
import { setWorkspace, useWorkspace, workspace } from "../../state/workspace";
import { type LandmarkLine, namesOf, nextSuggestion } from "./rows";

export interface Landmarking {
  readonly isOn: boolean;
  place(termId: number): Promise<void>;
  stop(): void;
  /** Selects a point, so that it can be dragged. */
  look(annotationId: number): void;
  /** The next landmark without a point, or the next suggestion. */
  next(): void;
  /** Agrees to these suggestions, or to all of the plane. */
  accept(ids: readonly number[] | null): Promise<void>;
}

export function useLandmarking(imageId: string, lines: readonly LandmarkLine[]): Landmarking {
  const client = useQueryClient();
  const plane = useWorkspace((s) => s.plane);
  const isOn = useLandmarks((s) => s.layerId !== null);
  usePoints(lines);
  useNames(lines);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another image has another layer
  useEffect(() => () => setLandmarks({ layerId: null, termIds: [], points: {} }), [imageId]);

  const desk: Landmarking = {
    isOn,
    async place(termId) {
      try {
        const layer = await landmarkLayer(imageId);
        void client.invalidateQueries({ queryKey: layerKeys.list(imageId) });
        workspace().editor?.select([]);
        setLandmarks({ layerId: layer.id });
        setWorkspace({ activeTermId: termId, activeLayerId: layer.id, tool: "point" });
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
    stop() {
      setLandmarks({ layerId: null });
      setWorkspace({ tool: "move" });
    },
    look(annotationId) {
      setLandmarks({ layerId: null });
      setWorkspace({ tool: "select" });
      void workspace().editor?.selectId(annotationId);
    },
    next() {
      const [selected] = workspace().selection;
      const open = nextSuggestion(lines, selected?.id ?? null);
      const missing = nextMissing(isOn ? workspace().activeTermId : null);
      if (open && !isOn) desk.look(open.annotation_id);
      else if (missing !== null) void desk.place(missing);
      else tell({ kind: "info", message: "Every landmark is on this image. Page Down opens the next one." });
    },
    async accept(ids) {
      try {
        await accepted(imageId, plane, ids);
        void client.invalidateQueries({ queryKey: landmarkKeys.all });
        void client.invalidateQueries({ queryKey: layerKeys.histories });
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
  };
  useDesk(desk, lines);
  return desk;
}

/** What was moved a moment ago is not to be accepted as it was. */
async function accepted(imageId: string, plane: Plane, ids: readonly number[] | null): Promise<void> {
  await workspace().editor?.idle();
  const { accepted: count } = await acceptLandmarks(imageId, plane, ids);
  if (count === 0) tell({ kind: "info", message: "There is no suggestion to accept on this image." });
}

/** The places of this plane, for the clicks that come. */
function usePoints(lines: readonly LandmarkLine[]): void {
  const known = JSON.stringify(lines.map(({ term, point }) => [term.id, point?.annotation_id ?? null]));
  useEffect(() => {
    const pairs = JSON.parse(known) as [number, number | null][];
    setLandmarks({
      termIds: pairs.map(([id]) => id),
      points: Object.fromEntries(pairs.filter(([, at]) => at !== null)) as Record<number, number>,
    });
  }, [known]);
}

/** Names beside the points of this plane while the tab is open. */
function useNames(lines: readonly LandmarkLine[]): void {
  const viewer = useWorkspace((s) => s.viewer);
  const known = JSON.stringify(namesOf(lines));
  useEffect(() => {
    viewer?.setNames(JSON.parse(known));
    return () => viewer?.setNames([]);
  }, [viewer, known]);
}

/** The keys of the tab. */
function useDesk(desk: Landmarking, lines: readonly LandmarkLine[]): void {
  const latest = useRef({ desk, lines });
  latest.current = { desk, lines };
  useEffect(
    () =>
      openLabelDesk({
        next: () => latest.current.desk.next(),
        accept: () => {
          const [selected] = workspace().selection;
          const one = latest.current.lines.find(
            ({ point }) => point?.state === "suggested" && point.annotation_id === selected?.id,
          );
          const following = nextSuggestion(latest.current.lines, selected?.id ?? null);
          void latest.current.desk.accept(one?.point ? [one.point.annotation_id] : null).then(() => {
            if (one && following && following.annotation_id !== selected?.id)
              latest.current.desk.look(following.annotation_id);
          });
        },
      }),
    [],
  );
}
