/** Objects as the editor handles them: their areas, and how an edit changes them. */
import type { Annotation, AnnotationCreate } from "../api/types";
import { difference, union } from "../geometry/boolean";
import { geometryOf, parseGeometry, polygonsOf } from "../geometry/geojson";
import { boundsOfAll } from "../geometry/transform";
import type { Box, Geometry, Polygon } from "../geometry/types";
import type { Fields } from "../outbox/change";

/** Geometry and kind of an area. */
export function shapeOf(polygons: readonly Polygon[]): {
  geometry: Record<string, unknown>;
  kind: "polygon" | "multipolygon";
} {
  return { geometry: { ...geometryOf(polygons) }, kind: polygons.length > 1 ? "multipolygon" : "polygon" };
}

export const polygonsOfObject = (object: Annotation): Polygon[] => {
  const geometry = parseGeometry(object.geometry);
  return geometry ? polygonsOf(geometry) : [];
};

export const joined = (objects: readonly Annotation[]): Polygon[] =>
  objects.reduce<Polygon[]>((all, one) => union(all, polygonsOfObject(one)), []);

/** The area without what lies under other objects. */
export const without = (polygons: readonly Polygon[], objects: readonly Annotation[]): Polygon[] =>
  difference(
    polygons,
    objects.flatMap((one) => polygonsOfObject(one)),
  );

/** A class that a person gives is no suggestion any more. */
export const changed = (object: Annotation, fields: Fields): Annotation =>
  withBox({
    ...object,
    ...("term_id" in fields ? { term_score: null } : {}),
    ...(fields as Partial<Annotation>),
  });

function withBox(object: Annotation): Annotation {
  const geometry = parseGeometry(object.geometry) as Geometry | null;
  const box = geometry && boundsOfAll([geometry]);
  return box ? { ...object, bbox: [box[0], box[1], box[2], box[3]] } : object;
}

export function pickedFrom(object: Annotation, fields: Fields): Fields {
  const all = object as unknown as Record<string, unknown>;
  return Object.fromEntries(Object.keys(fields).map((name) => [name, all[name] ?? null])) as Fields;
}

export const localOf = (ref: number, layerId: string, made: AnnotationCreate): Annotation =>
  withBox({
    area: 0,
    bbox: [0, 0, 0, 0],
    creator: "",
    description: "",
    kind: "polygon",
    locked: false,
    parent_id: null,
    properties: {},
    score: null,
    status: "accepted",
    tags: [],
    term_id: null,
    term_score: null,
    version: 1,
    z: 0,
    t: 0,
    ...Object.fromEntries(Object.entries(made).filter(([, value]) => value !== null && value !== undefined)),
    id: ref,
    layer_id: layerId,
  } as unknown as Annotation);

/** What is needed to make the same object once more. */
export const copyOf = (object: Annotation): AnnotationCreate => ({
  geometry: object.geometry,
  kind: object.kind,
  term_id: object.term_id,
  z: object.z,
  t: object.t,
  score: object.score,
  term_score: object.term_score,
  status: object.status,
  properties: object.properties,
  tags: object.tags,
  description: object.description,
});

export const boxOf = ({ bbox: [x0, y0, x1, y1] }: Annotation): Box => [x0, y0, x1, y1];
