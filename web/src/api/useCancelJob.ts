/** Ends a job and shows at once that it has ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobApplied } from "./events";
import { cancelJob, jobKeys } from "./jobs";
import type { Job } from "./types";

export function useCancelJob(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job: Job) => cancelJob(job.id),
    onSuccess: (done) => {
      client.setQueryData<Job[]>(jobKeys.list(projectId), (old) => (old ? jobApplied(old, done) : old));
    },
  });
}
