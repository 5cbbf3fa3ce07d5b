/** What can be asked about, as choices of a list. */
import type { Regions } from "../../api/spatial";
import type { Annotation, Layer, Term } from "../../api/types";
import type { Geometry } from "../../geometry/types";
import { areaText } from "../../geometry/wkt";

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export const ALL = "all";

export const classChoices = (terms: readonly Term[], all: string): Choice[] => [
  { value: ALL, label: all },
  ...terms.map(({ id, name }) => ({ value: String(id), label: name })),
  { value: "0", label: "Without a class" },
];

export const termOf = (value: string): number | null => (value === ALL ? null : Number(value));

export const SELECTED = "selected";
export const DRAWN = "drawn";

/** Where regions may come from; what is not there is not offered. */
export function regionChoices(
  layers: readonly Layer[],
  selection: readonly Annotation[],
  region: Geometry | null,
): Choice[] {
  const some: Choice[] = [];
  if (selection.length > 0) some.push({ value: SELECTED, label: `Selected objects (${selection.length})` });
  if (region) some.push({ value: DRAWN, label: "The drawn region" });
  return [...some, ...layers.map(({ id, name }) => ({ value: id, label: `Layer: ${name}` }))];
}

interface Asked {
  readonly source: string | null;
  readonly term: string;
  readonly selection: readonly Annotation[];
  readonly region: Geometry | null;
}

/** The most that one question takes. */
const MOST_SELECTED = 1000;

/** The regions meant; null where there are none to ask about. */
export function regionsOf({ source, term, selection, region }: Asked): Regions | null {
  if (source === SELECTED) {
    const [first] = selection;
    if (!first) return null;
    const mine = selection.filter(({ layer_id }) => layer_id === first.layer_id);
    return { layerId: first.layer_id, ids: mine.slice(0, MOST_SELECTED).map(({ id }) => id) };
  }
  if (source === DRAWN) {
    const wkt = region ? areaText(region) : null;
    return wkt ? { wkt } : null;
  }
  if (source === null) return null;
  const termId = termOf(term);
  return { layerId: source, ...(termId === null ? {} : { termId }) };
}
