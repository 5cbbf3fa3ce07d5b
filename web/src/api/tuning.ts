/** Fine-tuning of models on corrected objects. */
import { queryOptions } from "@tanstack/react-query";
import { get, request, url } from "./http";
import type { Corrections, MethodInfo, TuningPoint, TuningResult } from "./types";

export const tuningKeys = {
  corrections: (pid: string) => ["corrections", pid] as const,
  result: (jobId: string) => ["tuning", jobId] as const,
  curve: (jobId: string) => ["tuning", jobId, "curve"] as const,
};

export const correctionsQuery = (pid: string) =>
  queryOptions({
    queryKey: tuningKeys.corrections(pid),
    queryFn: () => get<Corrections>(`/projects/${pid}/corrections`),
    staleTime: 0,
  });

export const tuningQuery = (jobId: string) =>
  queryOptions({
    queryKey: tuningKeys.result(jobId),
    queryFn: () => get<TuningResult>(`/jobs/${jobId}/tuning`),
  });

/** The losses so far. */
export const tuningCurveQuery = (jobId: string) =>
  queryOptions({
    queryKey: tuningKeys.curve(jobId),
    queryFn: () => get<TuningPoint[]>(`/jobs/${jobId}/tuning/curve`),
    refetchInterval: 2000,
  });

export const tuningPictureUrl = (jobId: string, number: number, which: "before" | "after"): string =>
  url(`/jobs/${jobId}/tuning/pictures/${number}/${which}`);

export const keepModel = (jobId: string, name: string): Promise<MethodInfo> =>
  request(`/jobs/${jobId}/tuning/model`, { method: "POST", json: { name } });

export const takeBackModel = (jobId: string): Promise<void> =>
  request(`/jobs/${jobId}/tuning/model`, { method: "DELETE" });
