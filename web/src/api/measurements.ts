/** Object tables, columns for plots, and summaries. */
import { queryOptions } from "@tanstack/react-query";
import { get, url } from "./http";
import type { ColumnData, MeasurementSummary, ObjectIndex, ObjectTable, ObjectWhere } from "./types";

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

export const columnsQuery = (lid: string, columns: readonly string[]) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "columns", ...columns],
    queryFn: ({ signal }) =>
      get<ColumnData>(`/layers/${lid}/measurements`, { columns: columns.join(",") }, signal),
    enabled: columns.length > 0,
  });

export const summaryQuery = (lid: string) =>
  queryOptions({
    queryKey: [...measurementKeys.layer(lid), "summary"],
    queryFn: () => get<MeasurementSummary>(`/layers/${lid}/measurements/summary`),
  });

export const tableUrl = (lid: string, format: "csv" | "parquet"): string =>
  url(`/layers/${lid}/measurements.${format}`);
