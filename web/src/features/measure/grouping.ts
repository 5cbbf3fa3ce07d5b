/** Objects of a plot by what they have in common, and the colours that say so. */
import type { ColumnData, Grouping, Term } from "../../api/types";
import type { ColorKey } from "./figure/clouds";
import { groupColor, NO_CLASS, viridis } from "./figure/colours";
import type { Group } from "./figure/distributions";
import { quantile, thinned } from "./figure/numbers";

export interface Groups {
  readonly names: readonly string[];
  readonly colors: readonly string[];
  /** The number of each object's group. */
  readonly of: readonly number[];
}

/** More groups than these are not drawn beside each other. */
export const MOST_GROUPS = 40;

const NO_WELL = "No well in the name";

export function groupsOf(data: ColumnData, by: Grouping, terms: readonly Term[]): Groups {
  if (by === "class") {
    const known = [...terms.map(({ id }) => id), 0].filter((id) =>
      data.term_ids.some((one) => (one ?? 0) === id),
    );
    const place = new Map(known.map((id, at) => [id, at]));
    const term = new Map(terms.map((one) => [one.id, one]));
    return {
      names: known.map((id) => term.get(id)?.name ?? "Unclassified"),
      colors: known.map((id) => term.get(id)?.color ?? NO_CLASS),
      of: data.term_ids.map((id) => place.get(id ?? 0) ?? place.get(0) ?? 0),
    };
  }
  if (by === "cluster") {
    const found = (data.columns.cluster ?? []).map((value) => value ?? -1);
    const known = [...new Set(found)].toSorted((a, b) => a - b);
    const place = new Map(known.map((value, at) => [value, at]));
    return {
      names: known.map(clusterName),
      colors: known.map((value) => (value > 0 ? groupColor(value - 1) : NO_CLASS)),
      of: found.map((value) => place.get(value) ?? 0),
    };
  }
  const names = data.images.map(
    (one) => (by === "image" ? one.name : by === "group" ? one.group : one.well) ?? NO_WELL,
  );
  const known = [...new Set(names)].toSorted((a, b) => a.localeCompare(b, "en"));
  const place = names.map((name) => known.indexOf(name));
  return {
    names: known,
    colors: known.map((name, at) => (name === NO_WELL ? NO_CLASS : groupColor(at))),
    of: data.image_index.map((image) => place[image] ?? 0),
  };
}

export const clusterName = (value: number): string =>
  value > 0 ? `Cluster ${value}` : value === 0 ? "No cluster" : "Not looked at";

/** The colour of a cluster by its name. */
export function clusterColor(name: string): string {
  const number = Number(/^Cluster (\d+)$/.exec(name)?.[1]);
  return number > 0 ? groupColor(number - 1) : NO_CLASS;
}

const isKnown = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value);

/** The values of a column group by group; what is not known is left out. */
export function split(data: ColumnData, key: string, groups: Groups): Group[] {
  const found = groups.names.map((name, at) => ({
    name,
    color: groups.colors[at] ?? NO_CLASS,
    values: [] as number[],
    ids: [] as number[],
  }));
  data.columns[key]?.forEach((value, at) => {
    const group = found[groups.of[at] ?? 0];
    if (!group || !isKnown(value)) return;
    group.values.push(value);
    group.ids.push(data.ids[at] ?? 0);
  });
  return found.filter(({ values }) => values.length > 0);
}

export interface Colouring {
  readonly colors: readonly string[];
  readonly key: ColorKey;
}

/** A colour for each object: of its group, or along viridis from the 1st to the 99th percentile. */
export function colouring(data: ColumnData, color: string, terms: readonly Term[], label: string): Colouring {
  if (["class", "cluster", "image", "group", "well"].includes(color)) {
    const groups = groupsOf(data, color as Grouping, terms);
    const entries = groups.names.map((name, at) => ({ name, color: groups.colors[at] ?? NO_CLASS }));
    return { colors: groups.of.map((at) => groups.colors[at] ?? NO_CLASS), key: { title: label, entries } };
  }
  const values = data.columns[color] ?? [];
  const sorted = thinned(
    values.filter(isKnown).toSorted((a, b) => a - b),
    20_000,
  );
  const range = [quantile(sorted, 0.01), quantile(sorted, 0.99)] as const;
  const span = range[1] - range[0] || 1;
  return {
    colors: values.map((value) => (isKnown(value) ? viridis((value - range[0]) / span) : NO_CLASS)),
    key: { title: label, entries: [], range: sorted.length > 0 ? range : [0, 1] },
  };
}
