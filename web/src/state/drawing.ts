/** What becomes of a drawn shape: a new object, a change of the selected one, or a painted class region. */
import { ConnectionError, messageFrom } from "../api/http";
import type { Annotation, AnnotationCreate } from "../api/types";
import { area, difference, intersection, union } from "../geometry/boolean";
import { polygonsOf } from "../geometry/geojson";
import { rectangle } from "../geometry/shapes";
import { boundsOfAll } from "../geometry/transform";
import type { Geometry, Polygon } from "../geometry/types";
import { NOTHING_TO_CHANGE } from "../viewer/tools/combine";
import type { Drawn } from "../viewer/tools/tool";
import type { Editor } from "./editor";
import { landmarks, nextMissing, setLandmarks } from "./landmarks";
import { tell } from "./notices";
import { polygonsOfObject, shapeOf, without } from "./objects";
import { pixels } from "./pixels";
import { setWorkspace, workspace } from "./workspace";

const inform = (message: string): void => tell({ kind: "info", message });

export function drawn(editor: Editor, shape: Drawn): void {
  const polygons = polygonsOf(shape.geometry);
  const { annotationType } = workspace();
  if (pixels().scribbleLayerId !== null) return scribbled(editor, shape);
  if (landmarks().layerId !== null && shape.kind === "point") return landmarkPlaced(editor, shape);
  if (polygons.length > 0 && annotationType === "semantic") void painted(editor, shape, polygons);
  else if (shape.combine === "avoid") void avoiding(editor, shape, polygons);
  else if (shape.combine && shape.combine !== "new" && polygons.length > 0) combined(editor, shape, polygons);
  else made(editor, shape);
}

/** A new scribble; it is not selected, so that the next stroke is one of its own. */
function scribbled(editor: Editor, shape: Drawn): void {
  const { scribbleLayerId } = pixels();
  if (workspace().activeTermId === null) return inform("Choose the class of the scribble first.");
  if (scribbleLayerId) editor.change({ creates: [newObject(shape)], layerId: scribbleLayerId });
}

/** The active landmark where it was clicked: a new point, or the one that is there already; then the next name. */
function landmarkPlaced(editor: Editor, shape: Drawn): void {
  const { layerId, termIds, points } = landmarks();
  const { activeTermId } = workspace();
  if (!layerId || activeTermId === null || !termIds.includes(activeTermId))
    return inform("Choose the landmark in the list first.");
  const known = points[activeTermId];
  if (known !== undefined) void replaced(editor, known, shape);
  else {
    const [made] = editor.change({ creates: [newObject(shape)], layerId });
    if (made) setLandmarks({ points: { ...points, [activeTermId]: made.id } });
  }
  const next = nextMissing(activeTermId);
  if (next !== null) setWorkspace({ activeTermId: next });
}

async function replaced(editor: Editor, id: number, { geometry }: Drawn): Promise<void> {
  const object = await editor.fetched(id);
  if (!object) return;
  const fields = {
    geometry: { ...geometry },
    kind: "point",
    status: "accepted",
    term_id: object.term_id,
  } as const;
  editor.change({ updates: [{ object, fields }] });
}

/** A new object of the active class; in boxes mode an area becomes its bounding box. */
function made(editor: Editor, shape: Drawn): void {
  const isArea = polygonsOf(shape.geometry).length > 0;
  const isBox = workspace().annotationType === "box" && isArea && shape.kind !== "rectangle";
  editor.select(editor.change({ creates: [newObject(isBox ? boxed(shape) : shape)] }));
}

function boxed(shape: Drawn): Drawn {
  const box = boundsOfAll([shape.geometry]);
  if (!box) return shape;
  const geometry = shapeOf([[rectangle(box)]]).geometry as unknown as Geometry;
  return { ...shape, kind: "rectangle", geometry };
}

function newObject({ kind, geometry, properties }: Drawn): AnnotationCreate {
  const { activeTermId: term_id, plane } = workspace();
  const more = properties ? { properties: { ...properties } } : {};
  return { kind, geometry: { ...geometry }, term_id, ...plane, status: "accepted", ...more };
}

/** Adds to the selected object, takes away from it, or keeps what both have. */
function combined(editor: Editor, shape: Drawn, polygons: readonly Polygon[]): void {
  const target = editor.viewer.editTarget;
  if (!target) return shape.combine === "add" ? made(editor, shape) : inform(NOTHING_TO_CHANGE);
  const operations = { add: union, subtract: difference, intersect: intersection };
  const operate = operations[shape.combine as keyof typeof operations];
  const result = operate(target.polygons, polygons);
  if (result.length > 0) editor.reshape(target.id, result);
  else inform("That would leave nothing of the object. Press Del to delete it.");
}

/** A new object without what its neighbours in the user's layer cover. */
async function avoiding(editor: Editor, shape: Drawn, polygons: readonly Polygon[]): Promise<void> {
  const box = boundsOfAll([shape.geometry]);
  if (!box) return made(editor, shape);
  try {
    const neighbours = await editor.objectsIn(box);
    const rest = without(polygons, neighbours);
    if (rest.length === 0) return inform("Other objects cover all of it: nothing was drawn.");
    made(editor, { ...shape, ...(shapeOf(rest) as unknown as Pick<Drawn, "kind" | "geometry">) });
  } catch (error) {
    if (!(error instanceof ConnectionError)) return tell({ kind: "error", message: messageFrom(error) });
    made(editor, shape);
    inform("The neighbours could not be loaded: the object was drawn as it is and may overlap them.");
  }
}

/**
 * Painted regions: one object a class and plane in the user's layer. What is painted joins the region of the
 * active class and is taken from the others; with Alt it is taken from all.
 */
async function painted(editor: Editor, shape: Drawn, polygons: readonly Polygon[]): Promise<void> {
  const box = boundsOfAll([shape.geometry]);
  if (!box) return;
  const { activeTermId } = workspace();
  try {
    const met = (await editor.objectsIn(box, editor.ownLayerIds)).filter(isRegion);
    const isErasing = shape.combine === "subtract";
    const same = isErasing ? [] : met.filter(({ term_id }) => term_id === activeTermId);
    const others = met.filter((one) => !same.includes(one));
    const [first, ...rest] = same;
    const whole = same.reduce<Polygon[]>((all, one) => union(all, polygonsOfObject(one)), [...polygons]);
    const reduced = others.flatMap((object) => {
      const before = polygonsOfObject(object);
      const after = difference(before, polygons);
      return total(before) - total(after) > 1e-6 ? [{ object, after }] : [];
    });
    const update = first ? [{ object: first, fields: shapeOf(whole) }] : [];
    const region = {
      ...newObject(shape),
      ...shapeOf(whole),
      properties: { ...shape.properties, region: true },
    };
    const created = editor.change({
      creates: first || isErasing ? [] : [region],
      updates: [
        ...update,
        ...reduced
          .filter(({ after }) => after.length > 0)
          .map(({ object, after }) => ({ object, fields: shapeOf(after) })),
      ],
      deletes: [...rest, ...reduced.filter(({ after }) => after.length === 0).map(({ object }) => object)],
    });
    if (isErasing && reduced.length === 0) inform("There is no painted region here.");
    editor.select(created.length > 0 ? created : workspace().selection);
  } catch (error) {
    const isCut = error instanceof ConnectionError && shape.combine !== "subtract";
    if (!isCut) return tell({ kind: "error", message: messageFrom(error) });
    const region = { ...newObject(shape), properties: { ...shape.properties, region: true } };
    editor.select(editor.change({ creates: [region] }));
    inform("The regions around could not be loaded: this one was drawn as it is and may overlap them.");
  }
}

const isRegion = (object: Annotation): boolean => object.properties.region === true;

const total = (polygons: readonly Polygon[]): number => polygons.reduce((sum, one) => sum + area(one), 0);
