/** Corrections of the selected areas as a whole; each is one undo step. */
import type { Annotation } from "../api/types";
import { area, clamped, difference } from "../geometry/boolean";
import { parseGeometry } from "../geometry/geojson";
import { filled, grown, simplified, smoothed } from "../geometry/refine";
import { rectangle } from "../geometry/shapes";
import { split } from "../geometry/split";
import { type Affine, boundsOfAll, moved, transformed } from "../geometry/transform";
import type { Geometry, Point, Polygon } from "../geometry/types";
import { sizeOf } from "../viewer/space";
import type { Editor } from "./editor";
import { tell } from "./notices";
import { copyOf, joined, polygonsOfObject, shapeOf } from "./objects";
import { workspace } from "./workspace";

const inform = (message: string): void => tell({ kind: "info", message });
const NO_AREA = "Select one or more areas first.";

/** The selected objects that have an area, in the plane that is shown. */
function areas(): Annotation[] {
  const { selection, plane } = workspace();
  return selection.filter(
    (one) => one.z === plane.z && one.t === plane.t && polygonsOfObject(one).length > 0,
  );
}

function reshapeAll(editor: Editor, shape: (polygons: Polygon[]) => Polygon[]): void {
  const objects = areas();
  if (objects.length === 0) return inform(NO_AREA);
  const size = sizeOf(editor.viewer.image);
  const results = objects.map((object) => ({
    object,
    after: clamped(shape(polygonsOfObject(object)), size),
  }));
  const kept = results.filter(({ after }) => after.length > 0);
  if (kept.length < results.length) inform("Objects that would have vanished were left as they are.");
  editor.change({ updates: kept.map(({ object, after }) => ({ object, fields: shapeOf(after) })) });
}

/** How far a step goes: a screen pixel where one sees less than the image has, else an image pixel. */
const stepPx = (editor: Editor): number => Math.max(1, 1 / editor.viewer.camera.currentPlace.zoom);

export const simplify = (editor: Editor): void =>
  reshapeAll(editor, (polygons) => simplified(polygons, stepPx(editor)));
export const smooth = (editor: Editor): void => reshapeAll(editor, (polygons) => smoothed(polygons));
export const grow = (editor: Editor): void =>
  reshapeAll(editor, (polygons) => grown(polygons, stepPx(editor)));
export const shrink = (editor: Editor): void =>
  reshapeAll(editor, (polygons) => grown(polygons, -stepPx(editor)));
export const fillHoles = (editor: Editor): void => reshapeAll(editor, filled);

export function invert(editor: Editor): void {
  const { width, height } = sizeOf(editor.viewer.image);
  reshapeAll(editor, (polygons) => difference([[rectangle([0, 0, width, height])]], polygons));
}

/** All selected areas of a layer as one object: that of the largest. */
export function merge(editor: Editor): void {
  const objects = areas().filter((one) => editor.mayChange(one));
  const [largest] = objects.toSorted((a, b) => totalOf(b) - totalOf(a));
  const together = objects.filter(({ layer_id }) => layer_id === largest?.layer_id);
  if (!largest || together.length < 2) return inform("Select two or more areas of one layer to merge them.");
  editor.change({
    updates: [{ object: largest, fields: shapeOf(joined(together)) }],
    deletes: together.filter((one) => one !== largest),
  });
}

const totalOf = (object: Annotation): number =>
  polygonsOfObject(object).reduce((sum, polygon) => sum + area(polygon), 0);

/** Cuts the selected areas: the largest piece stays the object, the others become new ones like it. */
export function splitBy(editor: Editor, line: readonly Point[]): void {
  const objects = areas().filter((one) => editor.mayChange(one));
  if (objects.length === 0) return inform("Select the areas to split, then draw the cut right through them.");
  const cut = objects
    .map((object) => ({ object, pieces: split(polygonsOfObject(object), line) }))
    .filter(({ object, pieces }) => pieces.length > polygonsOfObject(object).length);
  if (cut.length === 0)
    return inform("The line does not go right through. Start and end it outside the object.");
  for (const layerId of new Set(cut.map(({ object }) => object.layer_id))) {
    const here = cut.filter(({ object }) => object.layer_id === layerId);
    const made = editor.change({
      layerId,
      updates: here.map(({ object, pieces }) => ({ object, fields: shapeOf(pieces.slice(0, 1)) })),
      creates: here.flatMap(({ object, pieces }) =>
        pieces.slice(1).map((piece) => ({ ...copyOf(object), ...shapeOf([piece]) })),
      ),
    });
    editor.select([...workspace().selection, ...made]);
  }
}

/** Moves, turns or scales selected objects of any kind; areas are cut at the image's border. */
export function transform(editor: Editor, ids: readonly number[], affine: Affine): void {
  const size = sizeOf(editor.viewer.image);
  const objects = workspace().selection.filter(({ id }) => ids.includes(id));
  const updates = objects.flatMap((object) => {
    const fields = placedInside(object, affine, size);
    return fields ? [{ object, fields }] : [];
  });
  if (updates.length < objects.length) inform("What would lie outside the image was left where it is.");
  if (updates.length > 0) editor.change({ updates });
}

function placedInside(object: Annotation, affine: Affine, size: { width: number; height: number }) {
  const geometry = parseGeometry(object.geometry);
  if (!geometry) return null;
  const after = transformed<Geometry>(geometry, affine);
  const polygons = polygonsOfObject({ ...object, geometry: { ...after } });
  if (polygons.length === 0) return isInside(after, size) ? { geometry: { ...after } } : null;
  if (isInside(after, size)) return isUpright(affine) ? { geometry: { ...after } } : { ...shapeOf(polygons) };
  const inside = clamped(polygons, size);
  return inside.length > 0 ? shapeOf(inside) : null;
}

/** A turned rectangle is a polygon from then on. */
const isUpright = ([, b, c]: Affine): boolean => Math.abs(b) < 1e-9 && Math.abs(c) < 1e-9;

function isInside(geometry: Geometry, { width, height }: { width: number; height: number }): boolean {
  const box = boundsOfAll([geometry]);
  return box !== null && box[0] >= 0 && box[1] >= 0 && box[2] <= width && box[3] <= height;
}

export const nudge = (editor: Editor, dx: number, dy: number): void =>
  transform(
    editor,
    workspace().selection.map(({ id }) => id),
    moved(dx, dy),
  );
