/** Objects that look like one. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get } from "./http";
import type { SimilarObjects } from "./types";

export const similarKeys = { all: ["similar"] as const };

/** `version`: of the object, so that a changed outline is looked at anew. */
export const similarQuery = (id: number, version: number) =>
  queryOptions({
    queryKey: [...similarKeys.all, id, version],
    queryFn: () => get<SimilarObjects>(`/annotations/${id}/similar`, { limit: 24 }),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
