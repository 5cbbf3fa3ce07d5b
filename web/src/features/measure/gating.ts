/** What was chosen on a plot: objects of the open picture, and a range that also holds objects of other images. */
import { useCallback, useState } from "react";
import { messageFrom } from "../../api/http";
import { gatedObjects, type Ranges } from "../../api/measurements";
import type { ColumnData, Layer, Scope } from "../../api/types";
import { markAll } from "../../state/listing";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { type Gate, idsInGate, rangesOf } from "./bins";

export interface Elsewhere {
  readonly objects: number;
  readonly images: number;
  /** The range that was drawn; none where objects were chosen by group. */
  readonly ranges: Ranges | null;
}

const NOWHERE: Elsewhere = { objects: 0, images: 0, ranges: null };

interface Plotted {
  readonly layer: Layer;
  readonly data: ColumnData;
  readonly scope: Scope;
  readonly x: string;
  readonly y: string;
}

/** The layers' objects among these, those of the plot's own apart. */
function sorted(data: ColumnData, layerId: string, ids: readonly number[]) {
  const layerOf = new Map(data.ids.map((id, at) => [id, data.images[data.image_index[at] ?? 0]?.layer_id]));
  const here = ids.filter((id) => layerOf.get(id) === layerId);
  const others = new Set(ids.map((id) => layerOf.get(id)).filter((one) => one !== layerId));
  return { here, objects: ids.length - here.length, images: others.size };
}

export function useGating({ layer, data, scope, x, y }: Plotted) {
  const [elsewhere, setElsewhere] = useState(NOWHERE);
  const onChoose = useCallback(
    (ids: readonly number[]) => {
      const { here, ...others } = sorted(data, layer.id, ids);
      setElsewhere({ ...others, ranges: null });
      void markAll(layer.id, here);
    },
    [layer.id, data],
  );
  const onGate = useCallback(
    async (gate: Gate) => {
      const ranges = rangesOf(gate, x, y);
      if (data.ids.length === data.total) {
        onChoose(idsInGate(data.ids, data.columns[x] ?? [], data.columns[y] ?? [], gate));
        return setElsewhere((known) => ({ ...known, ranges }));
      }
      // only some of the objects are drawn: the server knows all
      try {
        await workspace().editor?.idle();
        const { ids, elsewhere: objects, images } = await gatedObjects(layer.id, ranges, scope);
        setElsewhere({ objects, images, ranges });
        await markAll(layer.id, ids);
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
    [data, layer.id, scope, x, y, onChoose],
  );
  return { elsewhere, onChoose, onGate };
}
