/** The planes between two annotated ones. */
import type { Annotation, AnnotationCreate } from "../api/types";
import { between } from "../geometry/interpolate";
import { simplified } from "../geometry/refine";
import type { Editor } from "./editor";
import { tell } from "./notices";
import { copyOf, polygonsOfObject, shapeOf } from "./objects";
import { workspace } from "./workspace";

const TOLERANCE_PX = 0.15;

/** Fills the planes between the two selected areas, along z or along t; one undo step. */
export function interpolate(editor: Editor): void {
  const areas = workspace().selection.filter((one) => polygonsOfObject(one).length > 0);
  const axis = axisOf(areas);
  const [first, last] = areas.toSorted((a, b) => (axis ? a[axis] - b[axis] : 0));
  if (!axis || !first || !last) {
    const how = "select an area, go to another plane, and Ctrl-click the same object there";
    return tell({ kind: "info", message: `To fill the planes between two areas: ${how}.` });
  }
  const count = last[axis] - first[axis] - 1;
  if (count < 1) return tell({ kind: "info", message: "There is no plane between the two selected areas." });
  const [from, to] = [polygonsOfObject(first), polygonsOfObject(last)];
  const creates = Array.from({ length: count }, (_, i): AnnotationCreate | null => {
    const polygons = simplified(between(from, to, (i + 1) / (count + 1)), TOLERANCE_PX);
    return polygons.length > 0
      ? { ...copyOf(first), ...shapeOf(polygons), [axis]: first[axis] + i + 1, parent_id: null }
      : null;
  }).flatMap((one) => one ?? []);
  editor.change({ creates });
  tell({ kind: "success", message: `Filled ${creates.length} planes between the two areas.` });
}

/** Two areas in two planes that differ in z or in t only. */
function axisOf(areas: readonly Annotation[]): "z" | "t" | null {
  const [a, b, more] = areas;
  if (!a || !b || more) return null;
  if (a.z !== b.z && a.t === b.t) return "z";
  return a.t !== b.t && a.z === b.z ? "t" : null;
}
