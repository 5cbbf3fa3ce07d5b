/** Sets of annotation files of a whole project. */
import { download } from "./download";
import { request, url } from "./http";
import type { ExportRequest, Job } from "./types";

export const EXPORT_SETS = [
  { name: "annotatorj", title: "AnnotatorJ: labels, stacks, binary, boxes, overlays, ROIs" },
  { name: "coco", title: "COCO: one file for all images" },
  { name: "yolo", title: "YOLO boxes, with pictures" },
  { name: "yolo-segments", title: "YOLO outlines, with pictures" },
  { name: "labels", title: "Label images" },
  { name: "semantic", title: "Semantic masks: a number a class" },
  { name: "binary", title: "Binary masks" },
  { name: "stacks", title: "Layered stacks: a plane an object" },
  { name: "boxes", title: "Bounding boxes as CSV" },
  { name: "overlays", title: "Pictures with outlines" },
  { name: "crops", title: "Crops with masks, by class" },
  { name: "geojson", title: "GeoJSON (QuPath)" },
  { name: "imagej", title: "ImageJ ROIs" },
] as const;
export type ExportSet = (typeof EXPORT_SETS)[number]["name"];

interface SetOrder {
  readonly set: ExportSet;
  readonly downsample: number;
  readonly cropPx: number;
  readonly predictions: boolean;
}

export const startExport = (pid: string, { cropPx, ...order }: SetOrder): Promise<Job> => {
  const json: ExportRequest = { ...order, crop_px: cropPx, layers: [], classes: [] };
  return request(`/projects/${pid}/exports`, { method: "POST", json });
};

export const startSetImport = (pid: string, file: File): Promise<Job> =>
  request(`/projects/${pid}/set-imports`, { method: "POST", query: { name: file.name }, body: file });

/** Saves the file that a job made. */
export const downloadFileOf = (job: Job): Promise<void> => download(url(`/jobs/${job.id}/file`));
