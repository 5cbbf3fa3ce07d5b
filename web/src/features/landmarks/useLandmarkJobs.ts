/** Starts a training or a search and puts it into the list of jobs at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobTold, startJob } from "../../api/jobs";
import type { DetectLandmarksRequest, TrainLandmarksRequest } from "../../api/types";
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
      jobTold(client, job);
    },
  });
}
