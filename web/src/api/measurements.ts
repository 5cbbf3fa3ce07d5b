/** Object tables, columns for plots, and summaries. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, request, url } from "./http";
import type {
  ColumnData,
  ExploreMethodInfo,
  Gate,
  GatedObjects,
  Grouping,
  GroupTable,
  MeasurementSummary,
  ObjectIndex,
  ObjectTable,
  ObjectWhere,
  Scope,
  TermsGiven,
} from "./types";

export interface ObjectFilter {
  readonly sort: string;
  readonly order: "asc" | "desc";
  readonly where: ObjectWhere;
}

export const EVERYTHING: ObjectFilter = { sort: "id", order: "asc", where: {} };

export const measurementKeys = {
  all: ["objects"] as const,
  layer: (lid: string) => ["objects", lid] as const,
};

/** A box is asked for in bodies only. */
const params = ({ sort, order, where: { bbox: _, ...where } }: ObjectFilter) => ({ sort, order, ...where });

export const objectsQuery = (lid: string, filter: ObjectFilter, offset: number, limit: number) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "window", filter, offset, limit],
    queryFn: ({ signal }) =>
      get<ObjectTable>(`/layers/${lid}/objects`, { ...params(filter), offset, limit }, signal),
  });

/** All objects of the table by number, in its order. */
export const indexQuery = (lid: string, filter: ObjectFilter) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "index", filter],
    queryFn: ({ signal }) => get<ObjectIndex>(`/layers/${lid}/objects/index`, params(filter), signal),
  });

export const rankOf = (lid: string, id: number, filter: ObjectFilter): Promise<{ offset: number }> =>
  get(`/layers/${lid}/objects/rank`, { id, ...params(filter) });

export const columnsQuery = (lid: string, columns: readonly string[], scope: Scope) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "columns", scope, ...columns],
    queryFn: ({ signal }) =>
      get<ColumnData>(`/layers/${lid}/measurements`, { columns: columns.join(","), scope }, signal),
    enabled: columns.length > 0,
    placeholderData: keepPreviousData,
  });

export const groupsQuery = (lid: string, by: Grouping, scope: Scope, column: string) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "groups", by, scope, column],
    queryFn: ({ signal }) =>
      get<GroupTable>(`/layers/${lid}/measurements/groups`, { by, scope, columns: column }, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const groupsUrl = (lid: string, by: Grouping, scope: Scope): string =>
  url(`/layers/${lid}/measurements/groups.csv`, { by, scope });

export const exploreMethodsQuery = queryOptions({
  queryKey: ["explore-methods"],
  queryFn: () => get<ExploreMethodInfo[]>("/exploring/methods"),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Gives the objects of clusters classes; null: none. */
export const nameClusters = (
  lid: string,
  terms: Readonly<Record<string, number | null>>,
  scope: Scope,
): Promise<TermsGiven> =>
  request(`/layers/${lid}/clusters/terms`, { method: "POST", json: { terms, scope } });

/** The objects within a gate: those of the layer by number, and how many are in other images. */
export const gatedObjects = (lid: string, gate: Gate): Promise<GatedObjects> =>
  request(`/layers/${lid}/gates`, { method: "POST", json: gate });

/** Gives the objects within a gate a class; null: none. */
export const nameGated = (lid: string, gate: Gate, term: number | null): Promise<TermsGiven> =>
  request(`/layers/${lid}/gates/terms`, { method: "POST", json: { ...gate, term_id: term } });

export const summaryQuery = (lid: string) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "summary"],
    queryFn: () => get<MeasurementSummary>(`/layers/${lid}/measurements/summary`),
  });

export type TableFormat = "csv" | "parquet" | "h5ad";

export const tableUrl = (lid: string, format: TableFormat, scope: Scope = "image"): string =>
  url(`/layers/${lid}/measurements.${format}`, { scope });
