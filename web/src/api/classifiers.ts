/** Classifiers of objects: labels, versions, and what to label next. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { download } from "./download";
import { API, get, request } from "./http";
import type {
  CheckedImage,
  CheckedObject,
  Classifier,
  ClassifierDetails,
  ImageClass,
  Labels,
  QueuedObject,
  QueueName,
  Subject,
} from "./types";

export const classifierKeys = {
  labels: (pid: string) => ["labels", pid] as const,
  list: (pid: string) => ["classifiers", pid] as const,
  of: (pid: string, of: Subject) => ["classifiers", pid, of] as const,
  one: (pid: string, version: number, of: Subject) => ["classifiers", pid, of, version] as const,
  queues: (pid: string) => ["label-queue", pid] as const,
};

/** `generation`: of the layers at hand, so that the numbers follow them. */
export const labelsQuery = (pid: string, generation: string) =>
  queryOptions({
    queryKey: [...classifierKeys.labels(pid), generation],
    queryFn: () => get<Labels>(`/projects/${pid}/labels`),
    placeholderData: keepPreviousData,
  });

export const classifiersQuery = (pid: string, of: Subject = "objects") =>
  queryOptions({
    queryKey: classifierKeys.of(pid, of),
    queryFn: () => get<Classifier[]>(`/projects/${pid}/classifiers`, { of }),
  });

export const classifierQuery = (pid: string, version: number, of: Subject = "objects") =>
  queryOptions({
    queryKey: classifierKeys.one(pid, version, of),
    queryFn: () => get<ClassifierDetails>(`/projects/${pid}/classifiers/${version}`, { of }),
  });

export const queueQuery = (pid: string, by: QueueName, imageId: string | null, generation: string) =>
  queryOptions({
    queryKey: [...classifierKeys.queues(pid), by, imageId, generation],
    queryFn: () => get<QueuedObject[]>(`/projects/${pid}/label-queue`, { by, image_id: imageId, limit: 100 }),
    placeholderData: keepPreviousData,
  });

export const checkedQuery = (pid: string, version: number, truth: number, predicted: number) =>
  queryOptions({
    queryKey: [...classifierKeys.one(pid, version, "objects"), "cell", truth, predicted],
    queryFn: () =>
      get<CheckedObject[]>(`/projects/${pid}/classifiers/${version}/objects`, { truth, predicted }),
  });

export const checkedImagesQuery = (pid: string, version: number, truth: number, predicted: number) =>
  queryOptions({
    queryKey: [...classifierKeys.one(pid, version, "images"), "cell", truth, predicted],
    queryFn: () =>
      get<CheckedImage[]>(`/projects/${pid}/classifiers/${version}/images`, { truth, predicted }),
  });

export const exportClassifier = (pid: string, version: number, of: Subject): Promise<void> =>
  download(`${API}/projects/${pid}/classifiers/${version}/export?of=${of}`);

export function importClassifier(pid: string, file: File, of: Subject): Promise<ClassifierDetails> {
  const body = new FormData();
  body.set("file", file);
  return request(`/projects/${pid}/classifiers/import?of=${of}`, { method: "POST", body });
}

export const removeClassifier = (pid: string, version: number, of: Subject): Promise<void> =>
  request(`/projects/${pid}/classifiers/${version}?of=${of}`, { method: "DELETE" });

/** Give images their class; null takes it away; one with a probability is a suggestion that is put back. */
export const giveImageClasses = (pid: string, given: readonly ImageClass[]) =>
  request(`/projects/${pid}/image-classes`, { method: "PUT", json: { images: given } });

export const decideOnImages = (
  pid: string,
  action: "accept" | "clear",
  least = 0,
): Promise<{ changed: number }> =>
  request(`/projects/${pid}/image-classes/suggestions`, {
    method: "POST",
    json: { action, min_score: least },
  });

export const downloadImageClasses = (pid: string): Promise<void> =>
  download(`${API}/projects/${pid}/image-classes.csv`);
