/** Ways to select: boxes, lassos, all in view, one after the other, the next that needs a look. */
import { messageFrom } from "../api/http";
import type { Annotation } from "../api/types";
import { contains } from "../geometry/boolean";
import { parseGeometry } from "../geometry/geojson";
import { boundsOfAll, positionsOf } from "../geometry/transform";
import type { Box, Polygon } from "../geometry/types";
import type { Hit } from "../viewer/objectLayers";
import type { Editor } from "./editor";
import { tell } from "./notices";
import { workspace } from "./workspace";

/** More objects than this are not held and drawn one by one. */
const MOST_SELECTED = 2000;

type Mode = "replace" | "toggle";

async function choose(
  editor: Editor,
  box: Box,
  belongs: (one: Annotation) => boolean,
  mode: Mode,
): Promise<void> {
  try {
    const found = (await editor.objectsIn(box)).filter((one) => belongs(one) && isShown(one));
    if (found.length > MOST_SELECTED) {
      const message = `${found.length.toLocaleString("en-US")} objects are too many to hold at once. Take a smaller part, or use the filters of the object list.`;
      return tell({ kind: "info", message });
    }
    const { selection } = workspace();
    const chosen = new Set(found.map(({ id }) => id));
    editor.select([...(mode === "toggle" ? selection.filter(({ id }) => !chosen.has(id)) : []), ...found]);
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}

function isShown({ term_id, status }: Annotation): boolean {
  return !workspace().hiddenTerms.includes(term_id ?? 0) && status !== "rejected";
}

export const selectBox = (editor: Editor, box: Box, mode: Mode): Promise<void> =>
  choose(
    editor,
    box,
    ({ bbox: b }) => b[0] >= box[0] && b[1] >= box[1] && b[2] <= box[2] && b[3] <= box[3],
    mode,
  );

/** What lies inside the lasso with every corner. */
export function selectLasso(editor: Editor, area: readonly Polygon[], mode: Mode): Promise<void> {
  const box = boundsOfAll([
    { type: "MultiPolygon", coordinates: area.map((p) => p.map((r) => r.map(([x, y]) => [x, y]))) },
  ]);
  const isInside = (one: Annotation): boolean => {
    const geometry = parseGeometry(one.geometry);
    return (
      geometry !== null && positionsOf(geometry).every((p) => area.some((polygon) => contains(polygon, p)))
    );
  };
  return box ? choose(editor, box, isInside, mode) : Promise.resolve();
}

export const selectAllInView = (editor: Editor): Promise<void> =>
  choose(editor, editor.viewer.camera.visibleBox, () => true, "replace");

/** A clicked object gets the active class; the selection stays as it is. */
export async function classify(editor: Editor, hit: Hit | null): Promise<void> {
  const object = hit && (await editor.fetched(hit.id));
  if (!object) return;
  const { activeTermId: term_id } = workspace();
  if (object.term_id !== term_id || object.term_score !== null)
    editor.change({ updates: [{ object, fields: { term_id } }] });
}

/** The next (1) or previous (-1) object in view, in the order in which one reads. */
export async function cycle(editor: Editor, step: 1 | -1): Promise<void> {
  await goOn(editor, step, () => true, "There is no object in view.");
}

/** The next object in view that has no class yet, else the one whose prediction is the least certain. */
export async function nextOpen(editor: Editor): Promise<void> {
  const isOpen = ({ term_id, term_score, score, status }: Annotation): boolean =>
    term_id === null || (term_score ?? 1) < 0.5 || (status === "predicted" && (score ?? 1) < 0.5);
  await goOn(editor, 1, isOpen, "Every object in view has a class and a certain prediction.");
}

async function goOn(
  editor: Editor,
  step: 1 | -1,
  belongs: (one: Annotation) => boolean,
  none: string,
): Promise<void> {
  try {
    const found = (await editor.objectsIn(editor.viewer.camera.visibleBox)).filter(
      (o) => belongs(o) && isShown(o),
    );
    const ordered = found.toSorted((a, b) => a.bbox[1] - b.bbox[1] || a.bbox[0] - b.bbox[0] || a.id - b.id);
    const [current] = workspace().selection;
    const at = ordered.findIndex(({ id }) => id === current?.id);
    const start = at < 0 && step < 0 ? 0 : at;
    const next = ordered.at((start + step + ordered.length) % Math.max(1, ordered.length));
    if (next) editor.select([next]);
    else tell({ kind: "info", message: none });
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}
