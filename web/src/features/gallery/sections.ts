/** Objects in rows of pictures, class by class: what a virtual list needs to know. */
import type { ObjectIndex } from "../../api/types";

export interface Picture {
  readonly id: number;
  readonly version: number;
  readonly isSuggested: boolean;
}

export type GalleryRow =
  | { readonly kind: "head"; readonly termId: number | null; readonly count: number }
  | { readonly kind: "pictures"; readonly termId: number | null; readonly pictures: readonly Picture[] };

/** Every class has its heading, also one without objects: things are dropped there. */
export function rowsOf(
  { ids, term_ids, versions, suggested }: ObjectIndex,
  termIds: readonly number[],
  perRow: number,
): GalleryRow[] {
  const groups = new Map<number | null, Picture[]>([...termIds, null].map((id) => [id, []]));
  ids.forEach((id, at) => {
    const termId = term_ids[at] ?? null;
    const group = groups.get(termId) ?? groups.get(null);
    group?.push({ id, version: versions[at] ?? 1, isSuggested: suggested[at] ?? false });
  });
  return [...groups].flatMap(([termId, pictures]): GalleryRow[] => [
    { kind: "head", termId, count: pictures.length },
    ...chunks(pictures, perRow).map((part) => ({ kind: "pictures" as const, termId, pictures: part })),
  ]);
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/** The ids in the order in which they are seen: a range goes from picture to picture. */
export const orderOf = (rows: readonly GalleryRow[]): number[] =>
  rows.flatMap((row) => (row.kind === "pictures" ? row.pictures.map(({ id }) => id) : []));
