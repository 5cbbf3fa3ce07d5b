/** A change as it waits to be sent: plain data, so that it survives a reload. */
import type {
  Annotation,
  AnnotationCreate,
  AnnotationUpdate,
  ChangeRequest,
  ChangeResult,
} from "../api/types";

/** What an edit may set. */
export type Fields = Omit<AnnotationUpdate, "id" | "version">;

export interface QueuedCreate {
  /** Stands for the object until the server has given it a number; negative. */
  readonly ref: number;
  readonly annotation: AnnotationCreate;
}

export interface QueuedUpdate {
  readonly id: number;
  /** As far as the user had seen the object. */
  readonly version: number;
  readonly fields: Fields;
  /** The same fields as they were. */
  readonly before: Fields;
}

export interface QueuedDelete {
  readonly id: number;
  readonly version: number;
}

export interface NewChange {
  readonly imageId: string;
  /** Null: the user's own layer, which the server makes on first use. */
  readonly layerId: string | null;
  readonly creates?: readonly QueuedCreate[];
  readonly updates?: readonly QueuedUpdate[];
  readonly deletes?: readonly QueuedDelete[];
}

export interface Queued extends Required<NewChange> {
  /** The idempotency key: however often it is sent, it is done once. */
  readonly key: string;
  readonly userId: number | string;
  /** Milliseconds since 1970, never the same twice: the order of sending. */
  readonly seq: number;
  /** Whether it may have reached the server already. */
  readonly isAttempted: boolean;
  /** Why the server does not take it; the user decides what happens. */
  readonly problem: Problem | null;
}

export interface Problem {
  readonly kind: "changed" | "gone" | "refused";
  readonly message: string;
}

export const idsOf = ({ creates, updates, deletes }: Queued): number[] => [
  ...creates.map(({ ref }) => ref),
  ...updates.map(({ id }) => id),
  ...deletes.map(({ id }) => id),
];

export const requestOf = ({ creates, updates, deletes, key }: Queued): ChangeRequest => ({
  creates: creates.map(({ annotation }) => annotation),
  updates: updates.map(({ id, version, fields }) => ({ id, version, ...fields })),
  deletes: deletes.map(({ id, version }) => ({ id, version })),
  idempotency_key: key,
});

/** Numbers for the objects that a delivered change made, by what stood for them. */
export const numbersOf = (queued: Queued, result: ChangeResult): Map<number, number> =>
  new Map(queued.creates.map(({ ref }, i) => [ref, result.created_ids[i] ?? ref]));

/** A waiting change after an earlier one was done: with the objects' numbers and newest versions. */
export function rebased(queued: Queued, numbers: ReadonlyMap<number, number>, result: ChangeResult): Queued {
  const renew = <One extends QueuedDelete>(one: One): One => {
    const id = numbers.get(one.id) ?? one.id;
    const version = result.versions[String(id)] ?? (numbers.has(one.id) ? 1 : one.version);
    return { ...one, id, version };
  };
  return { ...queued, updates: queued.updates.map(renew), deletes: queued.deletes.map(renew) };
}

/** Whether somebody else changed what this edit changes. */
export function collides({ fields, before }: QueuedUpdate, current: Annotation): boolean {
  const now = current as unknown as Record<string, unknown>;
  const mine = fields as Record<string, unknown>;
  const seen = before as Record<string, unknown>;
  return Object.keys(mine).some((name) => !same(now[name], seen[name]) && !same(now[name], mine[name]));
}

/** Deep equality of JSON; an absent value is null. */
function same(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => same(left[key], right[key]));
}
