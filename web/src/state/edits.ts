/** What happens to objects in one step, and how it is parted by layers for the outbox. */
import { ApiError } from "../api/http";
import type { Annotation, AnnotationCreate, HistoryState, Layer } from "../api/types";
import type { Fields, Queued } from "../outbox/change";
import { pickedFrom } from "./objects";

/** Stands for the user's own layer until the server has made it. */
export const OWN = "own";

export interface EditorWorld {
  /** The layers of the image as last fetched. */
  layers(): readonly Layer[];
  color(termId: number | null): string;
  /** A layer came, went or changed: lists and tables are out of date. */
  layersChanged(layerId: string | null): void;
  historyChanged(history?: HistoryState): void;
}

/** What happens to objects in one step. */
export interface Edits {
  readonly creates?: readonly AnnotationCreate[];
  readonly updates?: readonly { readonly object: Annotation; readonly fields: Fields }[];
  readonly deletes?: readonly Annotation[];
  /** Where new objects go: the user's own layer unless told. */
  readonly layerId?: string;
}

export const tell404 = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

let lastRef = -Date.now() * 1000;
export function newRef(): number {
  lastRef -= 1;
  return lastRef;
}

type Part = Pick<Queued, "imageId" | "layerId" | "creates" | "updates" | "deletes">;

interface Step {
  readonly imageId: string;
  /** The layer of new objects; null while the user's own is not made yet. */
  readonly own: string | null;
  readonly creates: Part["creates"];
  readonly updates: NonNullable<Edits["updates"]>;
  readonly deletes: readonly Annotation[];
}

interface Places {
  target(object: Annotation): string | null;
  address(object: Annotation): { id: number; version: number };
}

/** One change a layer: each is undone as one step. */
export function partsOf(step: Step, { target, address }: Places): Part[] {
  const { imageId, own, creates, updates, deletes } = step;
  const layers = new Set([
    ...(creates.length > 0 ? [own] : []),
    ...updates.map(({ object }) => target(object)),
    ...deletes.map(target),
  ]);
  return [...layers].map((layerId) => ({
    imageId,
    layerId,
    creates: layerId === own ? creates : [],
    updates: updates
      .filter(({ object }) => target(object) === layerId)
      .map(({ object, fields }) => ({ ...address(object), fields, before: pickedFrom(object, fields) })),
    deletes: deletes.filter((one) => target(one) === layerId).map(address),
  }));
}
