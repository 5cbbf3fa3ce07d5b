/** Comparisons of methods and preprocessing. */
import { queryOptions } from "@tanstack/react-query";
import { get, request, url } from "./http";
import type { Comparison, MethodInfo, PipelineCreate, Preprocessing } from "./types";

export const preprocessingQuery = queryOptions({
  queryKey: ["preprocessing"],
  queryFn: () => get<Preprocessing[]>("/preprocessing"),
  staleTime: Number.POSITIVE_INFINITY,
});

export const comparisonQuery = (jobId: string) =>
  queryOptions({
    queryKey: ["comparison", jobId],
    queryFn: () => get<Comparison>(`/jobs/${jobId}/comparison`),
    // rows come in one by one; the job's own events tell of its end only
    refetchInterval: (query) =>
      query.state.data?.rows.some(({ state }) => state === "waiting") === false ? false : 1000,
  });

export const pictureUrl = (jobId: string, row: number): string =>
  url(`/jobs/${jobId}/comparison/${row}/picture`);

export const savePipeline = (jobId: string, row: number, pipeline: PipelineCreate): Promise<MethodInfo> =>
  request(`/jobs/${jobId}/comparison/${row}/pipeline`, { method: "POST", json: pipeline });
