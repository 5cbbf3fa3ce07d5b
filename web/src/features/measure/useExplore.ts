/** Starts a job that derives columns, and says when they are there. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { isRunning as runs } from "../../api/events";
import { messageFrom } from "../../api/http";
import { jobsQuery, jobTold, startJob } from "../../api/jobs";
import type { ExploreRequest } from "../../api/types";
import { tell } from "../../state/notices";

export function useExplore(projectId: string, layerId: string, onDone: (request: ExploreRequest) => void) {
  const client = useQueryClient();
  const jobs = useQuery({
    ...jobsQuery(projectId),
    // the stream tells at once; this is for the case that it is down
    refetchInterval: (query) => (query.state.data?.some(runs) ? 4000 : false),
  });
  const asked = useRef<{ id: string; request: ExploreRequest } | null>(null);
  const start = useMutation({
    mutationFn: (request: ExploreRequest) => startJob(projectId, request),
    onSuccess: (job, request) => {
      asked.current = { id: job.id, request };
      jobTold(client, job);
    },
    onError: (error) => tell({ kind: "error", title: "Not started", message: messageFrom(error) }),
  });
  const latest = useRef(onDone);
  latest.current = onDone;
  useEffect(() => {
    const wanted = asked.current;
    const job = jobs.data?.find(({ id }) => id === wanted?.id);
    if (!wanted || !job || runs(job)) return;
    asked.current = null;
    if (job.state === "done") latest.current(wanted.request);
  }, [jobs.data]);
  const running = jobs.data?.find(
    (job) => job.kind === "explore" && job.layer_ids.includes(layerId) && runs(job),
  );
  return { start: start.mutate, isStarting: start.isPending, running: running ?? null };
}
