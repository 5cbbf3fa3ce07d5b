/** What the pixel worker is asked, and what it answers. */
import type { Polygon } from "../geometry/types";
import { largestPiece } from "./components";
import { grown } from "./growing";
import { maskPolygons, smoothed } from "./outlines";
import type { Raster } from "./raster";
import { type Superpixels, superpixels } from "./slic";
import { safeMargin, snapped } from "./snap";

export interface JobTypes {
  superpixels: { request: { raster: Raster; side: number }; response: Superpixels };
  /** Region growing; `seeds` and `barred` are pixels of the raster, the answer is in its pixels. */
  growing: {
    request: { raster: Raster; seeds: readonly number[]; barred: readonly number[] };
    response: Polygon[];
  };
  snap: { request: { raster: Raster; polygons: readonly Polygon[]; margin: number }; response: Polygon[] };
}

export type JobName = keyof JobTypes;
export type Job = { [Name in JobName]: { name: Name; request: JobTypes[Name]["request"] } }[JobName];

export function done(job: Job): JobTypes[JobName]["response"] {
  switch (job.name) {
    case "superpixels":
      return superpixels(job.request.raster, job.request.side);
    case "growing": {
      const { raster, seeds, barred } = job.request;
      return smoothed(maskPolygons(largestPiece(grown(raster, seeds, new Set(barred)))));
    }
    case "snap": {
      const { raster, polygons, margin } = job.request;
      return snapped(raster, polygons, { margin: safeMargin(polygons, margin) });
    }
  }
}
