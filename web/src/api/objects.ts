/** Many objects at once: bulk actions, the review of predictions, and small pictures. */
import { queryOptions } from "@tanstack/react-query";
import { get, getAll, request, url } from "./http";
import type {
  Annotation,
  BulkRequest,
  BulkResult,
  ProjectReview,
  ReviewRequest,
  ReviewResult,
} from "./types";

export const postBulk = (lid: string, body: BulkRequest): Promise<BulkResult> =>
  request(`/layers/${lid}/bulk`, { method: "POST", json: body });

export const postReview = (iid: string, body: ReviewRequest): Promise<ReviewResult> =>
  request(`/images/${iid}/review`, { method: "POST", json: body });

/** `generation`: of the layer at hand, so that the numbers follow it. */
export const projectReviewQuery = (pid: string, generation: number) =>
  queryOptions({
    queryKey: ["review", pid, generation],
    queryFn: () => get<ProjectReview>(`/projects/${pid}/review`),
  });

/** Ids in one address. */
const BATCH = 200;

export async function annotationsOf(lid: string, ids: readonly number[]): Promise<Annotation[]> {
  const parts: Promise<Annotation[]>[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    const query = ids
      .slice(at, at + BATCH)
      .map((id) => `ids=${id}`)
      .join("&");
    parts.push(getAll<Annotation>(`/layers/${lid}/annotations?${query}`));
  }
  return (await Promise.all(parts)).flat();
}

/** `version` changes with the outline, so that the browser may keep the picture for good. */
export const cropUrl = (lid: string, id: number, version: number, size: number): string =>
  url(`/layers/${lid}/crops/${id}`, { size, v: version });
