/** What was chosen on a plot: objects of the open picture, and a range that also holds objects of other images. */
import { useCallback, useState } from "react";
import { messageFrom } from "../../api/http";
import { gatedObjects } from "../../api/measurements";
import type { ColumnData, Grouping, Layer, Scope, Gate as WireGate } from "../../api/types";
import { markAll } from "../../state/listing";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { type Gate, idsInGate, rangesOf } from "./bins";
import type { Groups } from "./grouping";

export interface Elsewhere {
  /** How many were chosen in the open picture: what is marked there may change later. */
  readonly here: number;
  readonly objects: number;
  readonly images: number;
  /** What was drawn, as the server knows it. */
  readonly gate: WireGate | null;
}

const NOWHERE: Elsewhere = { here: 0, objects: 0, images: 0, gate: null };

interface Plotted {
  readonly layer: Layer;
  readonly data: ColumnData;
  readonly scope: Scope;
  readonly x: string;
  readonly y: string;
  readonly by: Grouping;
  readonly groups: Groups;
}

/** The layers' objects among these, those of the plot's own apart. */
function sorted(data: ColumnData, layerId: string, ids: readonly number[]) {
  const layerOf = new Map(data.ids.map((id, at) => [id, data.images[data.image_index[at] ?? 0]?.layer_id]));
  const here = ids.filter((id) => layerOf.get(id) === layerId);
  const others = new Set(ids.map((id) => layerOf.get(id)).filter((one) => one !== layerId));
  return { here, objects: ids.length - here.length, images: others.size };
}

export function useGating({ layer, data, scope, x, y, by, groups }: Plotted) {
  const plot = `${layer.id} ${scope} ${x} ${y} ${by}`;
  const [chosen, setChosen] = useState({ plot, elsewhere: NOWHERE });
  const setElsewhere = useCallback((elsewhere: Elsewhere) => setChosen({ plot, elsewhere }), [plot]);
  const onClear = useCallback(() => {
    setElsewhere(NOWHERE);
    void markAll(layer.id, []);
  }, [layer.id, setElsewhere]);
  const onGate = useCallback(
    async (drawn: Gate) => {
      const gate = {
        ranges: rangesOf(drawn, x, y),
        scope,
        by,
        groups: drawn.among ? [...drawn.among] : null,
      };
      if (data.ids.length === data.total) {
        const groupOf = (at: number) => groups.names[groups.of[at] ?? 0];
        const inside = idsInGate(data.ids, data.columns[x] ?? [], data.columns[y] ?? [], drawn, groupOf);
        const { here, ...others } = sorted(data, layer.id, inside);
        setElsewhere({ here: here.length, ...others, gate });
        void markAll(layer.id, here);
        return;
      }
      // only some of the objects are drawn: the server knows all
      try {
        await workspace().editor?.idle();
        const { ids, elsewhere: objects, images } = await gatedObjects(layer.id, gate);
        setElsewhere({ here: ids.length, objects, images, gate });
        await markAll(layer.id, ids);
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
    [data, layer.id, scope, x, y, by, groups, setElsewhere],
  );
  // what was chosen on another plot says nothing about this one
  return { elsewhere: chosen.plot === plot ? chosen.elsewhere : NOWHERE, onClear, onGate };
}
