/** Where objects lie: in which regions, how far from each other, how dense. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, url } from "./http";
import type { DensityScale, NeighbourDistances, Plane, RegionTable } from "./types";

/** Areas of a layer (all, of a class, or some by number), or one that was drawn. */
export interface Regions {
  readonly layerId?: string;
  readonly termId?: number;
  readonly ids?: readonly number[];
  readonly wkt?: string;
}

export interface Neighbours {
  readonly termId: number | null;
  readonly toLayerId: string;
  readonly toTermId: number | null;
  readonly reach: number | null;
}

function regionsPath(lid: string, regions: Regions, plane: Plane, ending = ""): string {
  const search = new URLSearchParams({ z: String(plane.z), t: String(plane.t) });
  if (regions.layerId) search.set("region_layer_id", regions.layerId);
  if (regions.termId !== undefined) search.set("region_term_id", String(regions.termId));
  for (const id of regions.ids ?? []) search.append("region_ids", String(id));
  if (regions.wkt) search.set("region_wkt", regions.wkt);
  return `/layers/${lid}/spatial/regions${ending}?${search}`;
}

/** Asked anew when a layer changes: `generations` are those of all layers that take part. */
export const regionsQuery = (
  lid: string,
  regions: Regions | null,
  plane: Plane,
  generations: readonly number[],
) =>
  queryOptions({
    queryKey: ["spatial", lid, "regions", regions, plane, generations],
    queryFn: ({ signal }) => get<RegionTable>(regionsPath(lid, regions ?? {}, plane), {}, signal),
    enabled: regions !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });

export const regionsCsv = (lid: string, regions: Regions, plane: Plane): string =>
  url(regionsPath(lid, regions, plane, ".csv"));

const neighbourParams = ({ termId, toLayerId, toTermId }: Neighbours, { z, t }: Plane) => ({
  term_id: termId,
  to_layer_id: toLayerId,
  to_term_id: toTermId,
  z,
  t,
});

export const neighboursQuery = (
  lid: string,
  asked: Neighbours,
  plane: Plane,
  generations: readonly number[],
) =>
  queryOptions({
    queryKey: ["spatial", lid, "neighbours", asked, plane, generations],
    queryFn: ({ signal }) =>
      get<NeighbourDistances>(
        `/layers/${lid}/spatial/neighbours`,
        { ...neighbourParams(asked, plane), reach: asked.reach },
        signal,
      ),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const neighboursCsv = (lid: string, asked: Neighbours, plane: Plane): string =>
  url(`/layers/${lid}/spatial/neighbours.csv`, neighbourParams(asked, plane));

export const densityScaleQuery = (lid: string, termId: number | null, generation: number) =>
  queryOptions({
    queryKey: ["spatial", lid, "density", termId, generation],
    queryFn: ({ signal }) => get<DensityScale>(`/layers/${lid}/density`, { term_id: termId }, signal),
    placeholderData: keepPreviousData,
  });
