/** Starts jobs and puts them into the list at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageFrom } from "../../api/http";
import { jobTold, startJob } from "../../api/jobs";
import type { Job, SegmentRequest, TrainPixelsRequest } from "../../api/types";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";

export function usePixelJobs(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (requests: readonly (TrainPixelsRequest | SegmentRequest)[]) => {
      // what was drawn a moment ago counts
      await workspace().editor?.idle();
      const jobs: Job[] = [];
      for (const request of requests) jobs.push(await startJob(projectId, request));
      return jobs;
    },
    onSuccess: (jobs) => {
      for (const job of jobs) jobTold(client, job);
    },
    onError: (error) => tell({ kind: "error", title: "Not started", message: messageFrom(error) }),
  });
}
