/** Copy and paste of objects: within an image, to other planes and images, and as GeoJSON from elsewhere. */
import type { AnnotationCreate } from "../api/types";
import { clamped } from "../geometry/boolean";
import { geometryOf, parseGeometry, polygonsOf } from "../geometry/geojson";
import { boundsOfAll, moved, transformed } from "../geometry/transform";
import type { Geometry } from "../geometry/types";
import type { Plane } from "../viewer/picture";
import { sizeOf } from "../viewer/space";
import type { Editor } from "./editor";
import { tell } from "./notices";
import { copyOf } from "./objects";
import { setWorkspace, workspace } from "./workspace";

/** More is imported as a file. */
export const MOST_PASTED = 5000;

interface Clip {
  readonly imageId: string;
  readonly plane: Plane;
  readonly objects: readonly AnnotationCreate[];
  /** The same for other programs. */
  readonly text: string;
}

let clip: Clip | null = null;
const inform = (message: string): void => tell({ kind: "info", message });

export function copy(editor: Editor): boolean {
  const { selection, plane } = workspace();
  if (selection.length === 0) return false;
  const objects = selection.map(copyOf);
  clip = { imageId: editor.imageId, plane, objects, text: featuresOf(objects) };
  inform(selection.length === 1 ? "Copied one object." : `Copied ${selection.length} objects.`);
  toSystem(clip.text);
  return true;
}

/**
 * Other programs get it as GeoJSON. At once: what the system's clipboard held before must not be pasted in its place,
 * as could happen while `navigator.clipboard` still writes, or where it is missing (a server without HTTPS).
 */
function toSystem(text: string): void {
  let isTold = false;
  const fill = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    isTold = true;
  };
  document.addEventListener("copy", fill, { once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", fill);
  // a browser that copies nothing where nothing is marked
  if (!isTold) void navigator.clipboard?.writeText(text).catch(() => undefined);
}

const featuresOf = (objects: readonly AnnotationCreate[]): string =>
  JSON.stringify({
    type: "FeatureCollection",
    features: objects.map(({ geometry }) => ({ type: "Feature", geometry, properties: {} })),
  });

/** Pastes what was copied: at the same place, or a little aside where it would cover its origin. */
export function paste(editor: Editor): void {
  if (!clip) return inform("There is nothing to paste. Select objects and press Ctrl+C first.");
  const { plane } = workspace();
  const isSame = clip.imageId === editor.imageId && clip.plane.z === plane.z && clip.plane.t === plane.t;
  place(editor, clip.objects, isSame ? 12 / editor.viewer.camera.currentPlace.zoom : 0);
}

export function duplicate(editor: Editor): void {
  const { selection } = workspace();
  if (selection.length === 0) return inform("Select the objects to duplicate first.");
  place(editor, selection.map(copyOf), 12 / editor.viewer.camera.currentPlace.zoom);
}

/** The selection in the next (1) or previous (-1) plane too, and goes there. */
export function copyToPlane(editor: Editor, axis: "z" | "t", step: 1 | -1): void {
  const { selection, plane } = workspace();
  const { image } = editor.viewer;
  const index = plane[axis] + step;
  if (selection.length === 0) return inform("Select the objects to copy to the next plane first.");
  if (index < 0 || index >= (axis === "z" ? image.size_z : image.size_t))
    return inform("There is no plane farther in this direction.");
  setWorkspace({ plane: { ...plane, [axis]: index } });
  place(editor, selection.map(copyOf), 0);
}

/** What the system's clipboard holds: GeoJSON from elsewhere, else what was copied here. */
export function pasteText(editor: Editor, text: string): void {
  const geometries = text === clip?.text ? null : geometriesOf(text);
  if (!geometries) return paste(editor);
  const { activeTermId } = workspace();
  place(
    editor,
    geometries.map((geometry) => ({ geometry: { ...geometry }, term_id: activeTermId })),
    0,
  );
}

function geometriesOf(text: string): Geometry[] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { type, features, geometry } = value as { type?: unknown; features?: unknown; geometry?: unknown };
    const parts: unknown[] =
      type === "FeatureCollection" && Array.isArray(features)
        ? features.map((one: { geometry?: unknown }) => one?.geometry)
        : [type === "Feature" ? geometry : value];
    const found = parts.flatMap((one) => parseGeometry(one) ?? []);
    return found.length > 0 ? found : null;
  } catch {
    return null;
  }
}

function place(editor: Editor, objects: readonly AnnotationCreate[], aside: number): void {
  if (objects.length > MOST_PASTED) {
    const count = objects.length.toLocaleString("en-US");
    return inform(`${count} objects are too many to paste. Save them as GeoJSON and use Import instead.`);
  }
  const { plane } = workspace();
  const creates = objects.flatMap((object) => {
    const inside = placedInside(object, aside, sizeOf(editor.viewer.image));
    return inside ? [{ ...inside, ...plane, parent_id: null }] : [];
  });
  if (creates.length === 0) return inform("All of it would lie outside this image: nothing was pasted.");
  if (creates.length < objects.length)
    inform(`${objects.length - creates.length} objects lie outside this image and were left out.`);
  editor.select(editor.change({ creates }));
}

function placedInside(
  object: AnnotationCreate,
  aside: number,
  size: { width: number; height: number },
): AnnotationCreate | null {
  const geometry = parseGeometry(object.geometry);
  const box = geometry && boundsOfAll([geometry]);
  if (!geometry || !box) return null;
  // towards the side where there is room
  const dx = box[2] + aside <= size.width ? aside : -aside;
  const dy = box[3] + aside <= size.height ? aside : -aside;
  const after = transformed<Geometry>(geometry, moved(dx, dy));
  const now = boundsOfAll([after]) ?? box;
  if (now[0] >= 0 && now[1] >= 0 && now[2] <= size.width && now[3] <= size.height)
    return { ...object, geometry: { ...after } };
  const inside = clamped(polygonsOf(after), size);
  const kind = inside.length > 1 ? ("multipolygon" as const) : ("polygon" as const);
  return inside.length > 0 ? { ...object, kind, geometry: { ...geometryOf(inside) } } : null;
}
