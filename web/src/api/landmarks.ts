/** Landmarks: named points, detectors that find them, and what is measured between them. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { download } from "./download";
import { API, get, request } from "./http";
import type {
  ImageLandmark,
  LandmarkDetector,
  LandmarkDetectorDetails,
  LandmarkPlan,
  Landmarks,
  LandmarkTable,
  Layer,
  Plane,
} from "./types";

export const landmarkKeys = {
  all: ["landmarks"] as const,
  project: (pid: string) => ["landmarks", "project", pid] as const,
  image: (iid: string) => ["landmarks", "image", iid] as const,
  measures: (pid: string) => ["landmarks", "measures", pid] as const,
  detectors: (pid: string) => ["landmark-detectors", pid] as const,
};

/** `generation`: of the layers at hand, so that the numbers follow them. */
export const landmarksQuery = (pid: string, generation: string) =>
  queryOptions({
    queryKey: [...landmarkKeys.project(pid), generation],
    queryFn: () => get<Landmarks>(`/projects/${pid}/landmarks`),
    placeholderData: keepPreviousData,
  });

export const imageLandmarksQuery = (iid: string, plane: Plane, generation: string) =>
  queryOptions({
    queryKey: [...landmarkKeys.image(iid), plane.z, plane.t, generation],
    queryFn: () => get<ImageLandmark[]>(`/images/${iid}/landmarks`, { z: plane.z, t: plane.t }),
    placeholderData: keepPreviousData,
  });

export const landmarkTableQuery = (pid: string, generation: string) =>
  queryOptions({
    queryKey: [...landmarkKeys.measures(pid), generation],
    queryFn: () => get<LandmarkTable>(`/projects/${pid}/landmarks/measures`),
    placeholderData: keepPreviousData,
  });

export const detectorsQuery = (pid: string) =>
  queryOptions({
    queryKey: landmarkKeys.detectors(pid),
    queryFn: () => get<LandmarkDetector[]>(`/projects/${pid}/landmark-detectors`),
  });

export const saveLandmarks = (pid: string, plan: LandmarkPlan): Promise<Landmarks> =>
  request(`/projects/${pid}/landmarks`, { method: "PUT", json: plan });

/** The image's one layer of landmarks, made on first use. */
export const landmarkLayer = (iid: string): Promise<Layer> =>
  request(`/images/${iid}/layers`, { method: "POST", json: { kind: "landmarks" } });

/** Agrees to suggestions of a plane: those named, else all. */
export const acceptLandmarks = (
  iid: string,
  plane: Plane,
  ids: readonly number[] | null,
): Promise<{ accepted: number }> =>
  request(`/images/${iid}/landmarks/accept`, {
    method: "POST",
    json: { annotation_ids: ids, z: plane.z, t: plane.t },
  });

export const measuresFile = (pid: string, ending: "csv" | "parquet"): string =>
  `${API}/projects/${pid}/landmarks/measures.${ending}`;

export const exportDetector = (pid: string, version: number): Promise<void> =>
  download(`${API}/projects/${pid}/landmark-detectors/${version}/export`);

export function importDetector(pid: string, file: File): Promise<LandmarkDetectorDetails> {
  const body = new FormData();
  body.set("file", file);
  return request(`/projects/${pid}/landmark-detectors/import`, { method: "POST", body });
}

export const removeDetector = (pid: string, version: number): Promise<void> =>
  request(`/projects/${pid}/landmark-detectors/${version}`, { method: "DELETE" });
