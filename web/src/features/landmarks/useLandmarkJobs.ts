/** Starts a training or a search and puts it into the list of jobs at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobApplied } from "../../api/events";
import { jobKeys, startJob } from "../../api/jobs";
import type { DetectLandmarksRequest, Job, TrainLandmarksRequest } from "../../api/types";
import { workspace } from "../../state/workspace";

export function useLandmarkJobs(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (request: TrainLandmarksRequest | DetectLandmarksRequest) => {
      // what was placed a moment ago counts
      await workspace().editor?.idle();
      return startJob(projectId, request);
    },
    onSuccess: (job) => {
      client.setQueryData<Job[]>(jobKeys.list(projectId), (old) => old && jobApplied(old, job));
    },
  });
}
