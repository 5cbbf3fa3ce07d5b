/** Classifiers of objects: labels, versions, and what to label next. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { download } from "./download";
import { API, get, request } from "./http";
import type { CheckedObject, Classifier, ClassifierDetails, Labels, QueuedObject, QueueName } from "./types";

export const classifierKeys = {
  labels: (pid: string) => ["labels", pid] as const,
  list: (pid: string) => ["classifiers", pid] as const,
  one: (pid: string, version: number) => ["classifiers", pid, version] as const,
  queues: (pid: string) => ["label-queue", pid] as const,
};

/** `generation`: of the layers at hand, so that the numbers follow them. */
export const labelsQuery = (pid: string, generation: string) =>
  queryOptions({
    queryKey: [...classifierKeys.labels(pid), generation],
    queryFn: () => get<Labels>(`/projects/${pid}/labels`),
    placeholderData: keepPreviousData,
  });

export const classifiersQuery = (pid: string) =>
  queryOptions({
    queryKey: classifierKeys.list(pid),
    queryFn: () => get<Classifier[]>(`/projects/${pid}/classifiers`),
  });

export const classifierQuery = (pid: string, version: number) =>
  queryOptions({
    queryKey: classifierKeys.one(pid, version),
    queryFn: () => get<ClassifierDetails>(`/projects/${pid}/classifiers/${version}`),
  });

export const queueQuery = (pid: string, by: QueueName, imageId: string | null, generation: string) =>
  queryOptions({
    queryKey: [...classifierKeys.queues(pid), by, imageId, generation],
    queryFn: () => get<QueuedObject[]>(`/projects/${pid}/label-queue`, { by, image_id: imageId, limit: 100 }),
    placeholderData: keepPreviousData,
  });

export const checkedQuery = (pid: string, version: number, truth: number, predicted: number) =>
  queryOptions({
    queryKey: [...classifierKeys.one(pid, version), "objects", truth, predicted],
    queryFn: () =>
      get<CheckedObject[]>(`/projects/${pid}/classifiers/${version}/objects`, { truth, predicted }),
  });

export const exportClassifier = (pid: string, version: number): Promise<void> =>
  download(`${API}/projects/${pid}/classifiers/${version}/export`);

export function importClassifier(pid: string, file: File): Promise<ClassifierDetails> {
  const body = new FormData();
  body.set("file", file);
  return request(`/projects/${pid}/classifiers/import`, { method: "POST", body });
}

export const removeClassifier = (pid: string, version: number): Promise<void> =>
  request(`/projects/${pid}/classifiers/${version}`, { method: "DELETE" });
