/** The object under the pointer on a plot stands out in the picture. */
import { useCallback, useEffect, useRef, useState } from "react";
import { annotationsOf } from "../../api/objects";
import type { ColumnData, PlottedImage } from "../../api/types";
import { parseGeometry } from "../../geometry/geojson";
import { workspace } from "../../state/workspace";

/** A pointer on its way over a cloud asks for nothing. */
const REST_MS = 60;

/** Of a point by its place in the data: its object and the image that it is on. */
function objectAt(data: ColumnData, at: number | null): { id: number; place: PlottedImage } | null {
  if (at === null) return null;
  const [id, place] = [data.ids[at], data.images[data.image_index[at] ?? 0]];
  return id === undefined || !place ? null : { id, place };
}

/** Which point is pointed at, and what to call when it is another one. */
export function usePointed(data: ColumnData): [number | null, (at: number | null) => void] {
  const [pointed, setPointed] = useState<number | null>(null);
  const turn = useRef(0);
  useEffect(
    () => () => {
      turn.current += 1;
      workspace().viewer?.setPointed(null);
    },
    [],
  );
  const point = useCallback(
    (at: number | null) => {
      setPointed(at);
      turn.current += 1;
      const own = turn.current;
      const { viewer, editor } = workspace();
      const found = objectAt(data, at);
      viewer?.setPointed(null);
      if (!found || found.place.id !== editor?.imageId) return;
      setTimeout(async () => {
        if (turn.current !== own) return;
        const [object] = await annotationsOf(found.place.layer_id, [found.id]).catch(() => []);
        const { z, t } = workspace().plane;
        if (object && turn.current === own && object.z === z && object.t === t)
          viewer?.setPointed(parseGeometry(object.geometry));
      }, REST_MS);
    },
    [data],
  );
  return [pointed, point];
}
