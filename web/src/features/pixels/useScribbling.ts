/** While the panel is open, what is drawn becomes scribbles of the active class, on the image's layer for them. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { messageFrom } from "../../api/http";
import { layerKeys } from "../../api/layers";
import { scribbleLayer } from "../../api/pixels";
import { tell } from "../../state/notices";
import { setPixels, usePixels } from "../../state/pixels";
import { setWorkspace, workspace } from "../../state/workspace";

const BRUSH_PX = 4;

export interface Scribbling {
  readonly isOn: boolean;
  start(termId: number): Promise<void>;
  stop(): void;
}

export function useScribbling(imageId: string): Scribbling {
  const client = useQueryClient();
  const isOn = usePixels((s) => s.scribbleLayerId !== null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another image has another layer
  useEffect(() => () => setPixels({ scribbleLayerId: null }), [imageId]);
  return {
    isOn,
    async start(termId) {
      try {
        const layer = await scribbleLayer(imageId);
        void client.invalidateQueries({ queryKey: layerKeys.list(imageId) });
        const isFirst = !usePixels.getState().scribbleLayerId;
        workspace().editor?.select([]);
        setPixels({ scribbleLayerId: layer.id });
        setWorkspace({
          activeTermId: termId,
          activeLayerId: layer.id,
          ...(isFirst ? { tool: "brush", brushRadius: BRUSH_PX } : {}),
        });
      } catch (error) {
        tell({ kind: "error", message: messageFrom(error) });
      }
    },
    stop() {
      setPixels({ scribbleLayerId: null });
      setWorkspace({ tool: "move" });
    },
  };
}
