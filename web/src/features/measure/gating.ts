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
  /** How many were chosen in the open picture: what is marked there may change later. */
  readonly here: number;
  readonly objects: number;
  readonly images: number;
  /** The range that was drawn; none where objects were chosen by group. */
  readonly ranges: Ranges | null;
}

const NOWHERE: Elsewhere = { here: 0, objects: 0, images: 0, ranges: null };

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
  const plot = `${layer.id} ${scope} ${x} ${y}`;
  const [chosen, setChosen] = useState({ plot, elsewhere: NOWHERE });
  const setElsewhere = useCallback((elsewhere: Elsewhere) => setChosen({ plot, elsewhere }), [plot]);
  const choose = useCallback(
    (ids: readonly number[], ranges: Ranges | null) => {
      const { here, ...others } = sorted(data, layer.id, ids);
      setElsewhere({ here: here.length, ...others, ranges });
      void markAll(layer.id, here);
    },
    [layer.id, data, setElsewhere],
  );
  const onChoose = useCallback((ids: readonly number[]) => choose(ids, null), [choose]);
  const onGate = useCallback(
    async (gate: Gate) => {
      const ranges = rangesOf(gate, x, y);
      if (data.ids.length === data.total)
        return choose(idsInGate(data.ids, data.columns[x] ?? [], data.columns[y] ?? [], gate), ranges);
      // only some of the objects are drawn: the server knows all
      try {
        await workspace().editor?.idle();
        const { ids, elsewhere: objects, images } = await gatedObjects(layer.id, ranges, scope);
        setElsewhere({ here: ids.length, objects, images, ranges });
        await markAll(layer.id, ids);
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
    [data, layer.id, scope, x, y, choose, setElsewhere],
  );
  // what was chosen on another plot says nothing about this one
  return { elsewhere: chosen.plot === plot ? chosen.elsewhere : NOWHERE, onChoose, onGate };
}
