/** Layers of annotations, their objects, and undo. */
import { queryOptions } from "@tanstack/react-query";
import { get, getAll, request, url } from "./http";
import type { Annotation, ChangeRequest, ChangeResult, HistoryState, Layer } from "./types";

export const layerKeys = {
  all: ["layers"] as const,
  list: (iid: string) => ["layers", iid] as const,
  histories: ["history"] as const,
  history: (iid: string) => ["history", iid] as const,
};

export const layersQuery = (iid: string) =>
  queryOptions({ queryKey: layerKeys.list(iid), queryFn: () => get<Layer[]>(`/images/${iid}/layers`) });

export const historyQuery = (iid: string) =>
  queryOptions({
    queryKey: layerKeys.history(iid),
    queryFn: () => get<HistoryState>(`/images/${iid}/history`),
  });

export const ownLayer = (iid: string): Promise<Layer> =>
  request(`/images/${iid}/layers`, { method: "POST", json: { kind: "user" } });

export const renameLayer = (lid: string, name: string): Promise<Layer> =>
  request(`/layers/${lid}`, { method: "PATCH", json: { name } });

export const deleteLayer = (lid: string): Promise<void> => request(`/layers/${lid}`, { method: "DELETE" });

export const annotation = (id: number): Promise<Annotation> => get(`/annotations/${id}`);

export const annotationsIn = (
  lid: string,
  query: { bbox: string; z: number; t: number },
): Promise<Annotation[]> => getAll<Annotation>(`/layers/${lid}/annotations`, { ...query, limit: 10_000 });

export const postChanges = (lid: string, change: ChangeRequest): Promise<ChangeResult> =>
  request(`/layers/${lid}/changes`, { method: "POST", json: change });

export const undo = (iid: string): Promise<HistoryState> =>
  request(`/images/${iid}/undo`, { method: "POST" });

export const redo = (iid: string): Promise<HistoryState> =>
  request(`/images/${iid}/redo`, { method: "POST" });

export const EXPORT_FORMATS = ["geojson", "coco", "labels", "imagej", "csv"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const exportUrl = (lid: string, format: ExportFormat): string =>
  url(`/layers/${lid}/export`, { format });
