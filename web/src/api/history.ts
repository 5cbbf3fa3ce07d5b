/** What was done on an image, newest first. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { get } from "./http";
import { layerKeys } from "./layers";
import type { HistoryEntry } from "./types";

export const HISTORY_PAGE = 50;

export const changesOf = (
  iid: string,
  before: number | null,
  limit = HISTORY_PAGE,
): Promise<HistoryEntry[]> => get(`/images/${iid}/changes`, before === null ? { limit } : { limit, before });

/** Below the key of the layers, so that whatever changes a layer renews it. */
export const changesQuery = (iid: string) =>
  infiniteQueryOptions({
    queryKey: [...layerKeys.list(iid), "changes"],
    queryFn: ({ pageParam }) => changesOf(iid, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < HISTORY_PAGE ? null : (page.at(-1)?.id ?? null)),
  });
