/** Models that segment. */
import { queryOptions } from "@tanstack/react-query";
import { download } from "./download";
import { API, get, request, url } from "./http";
import { fetchPatiently } from "./patience";
import type { Model, ModelDetails } from "./types";

export const modelKeys = {
  all: ["models"] as const,
  one: (name: string) => ["models", name] as const,
};

export const modelsQuery = queryOptions({ queryKey: modelKeys.all, queryFn: () => get<Model[]>("/models") });

export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: modelKeys.one(name),
    meta: { quiet: true }, // the page says itself that there is none
    queryFn: () => get<ModelDetails>(`/models/${encodeURIComponent(name)}`),
  });

export function importModel(file: File): Promise<ModelDetails> {
  const body = new FormData();
  body.set("file", file);
  return request("/models/import", { method: "POST", body });
}

export const removeModel = (name: string): Promise<void> =>
  request(`/models/${encodeURIComponent(name)}`, { method: "DELETE" });

export const exportModel = (name: string): Promise<void> =>
  download(`${API}/models/${encodeURIComponent(name)}/export`);

export const pictureAddress = (name: string, file: string): string =>
  `${API}/models/${encodeURIComponent(name)}/pictures/${encodeURIComponent(file)}`;

/** The weights as an ONNX file; the address changes with them, so that the browser may keep the answer. */
export async function fetchWeights(name: string, sha256: string): Promise<Uint8Array> {
  const response = await fetchPatiently(url(`/models/${encodeURIComponent(name)}/weights`, { sha256 }));
  return new Uint8Array(await response.arrayBuffer());
}
