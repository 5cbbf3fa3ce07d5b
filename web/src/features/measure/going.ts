/** From a point of a plot to its object, in this image or another one. */
import type { PlottedImage } from "../../api/types";
import { setWorkspace, useWorkspace, workspace } from "../../state/workspace";
import { imagePath, navigate } from "../../ui/router";

const PATIENCE_MS = 30_000;

export function goToObject(projectId: string, place: PlottedImage, objectId: number): void {
  const { editor } = workspace();
  if (!editor || editor.imageId === place.id) {
    void editor?.selectId(objectId, "replace", true);
    return;
  }
  const stop = useWorkspace.subscribe(({ editor: opened }) => {
    if (opened?.imageId !== place.id) return;
    stop();
    void opened.idle().then(() => opened.selectId(objectId, "replace", true));
  });
  setTimeout(stop, PATIENCE_MS);
  setWorkspace({ wantedLayerIds: [place.layer_id] });
  navigate(imagePath(projectId, place.id));
}
