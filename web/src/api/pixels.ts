/** Pixel classifiers: scribbles, versions, packages. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { download } from "./download";
import { API, get, request } from "./http";
import type { Layer, PixelClassifier, PixelClassifierDetails, ScribbledImage } from "./types";

export const pixelKeys = {
  scribbles: (pid: string) => ["scribbles", pid] as const,
  list: (pid: string) => ["pixel-classifiers", pid] as const,
  one: (pid: string, version: number) => ["pixel-classifiers", pid, version] as const,
};

/** `generation`: of the layers at hand, so that the numbers follow them. */
export const scribblesQuery = (pid: string, generation: string) =>
  queryOptions({
    queryKey: [...pixelKeys.scribbles(pid), generation],
    queryFn: () => get<ScribbledImage[]>(`/projects/${pid}/scribbles`),
    placeholderData: keepPreviousData,
  });

export const pixelClassifiersQuery = (pid: string) =>
  queryOptions({
    queryKey: pixelKeys.list(pid),
    queryFn: () => get<PixelClassifier[]>(`/projects/${pid}/pixel-classifiers`),
  });

export const pixelClassifierQuery = (pid: string, version: number) =>
  queryOptions({
    queryKey: pixelKeys.one(pid, version),
    queryFn: () => get<PixelClassifierDetails>(`/projects/${pid}/pixel-classifiers/${version}`),
  });

/** The image's one layer of scribbles, made on first use. */
export const scribbleLayer = (iid: string): Promise<Layer> =>
  request(`/images/${iid}/layers`, { method: "POST", json: { kind: "scribbles" } });

export const exportPixelClassifier = (pid: string, version: number): Promise<void> =>
  download(`${API}/projects/${pid}/pixel-classifiers/${version}/export`);

export function importPixelClassifier(pid: string, file: File): Promise<PixelClassifierDetails> {
  const body = new FormData();
  body.set("file", file);
  return request(`/projects/${pid}/pixel-classifiers/import`, { method: "POST", body });
}

export const removePixelClassifier = (pid: string, version: number): Promise<void> =>
  request(`/projects/${pid}/pixel-classifiers/${version}`, { method: "DELETE" });
