/** Ends a job and shows at once that it has ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { cancelJob, jobTold } from "./jobs";
import type { Job } from "./types";

export function useCancelJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job: Job) => cancelJob(job.id),
    onSuccess: (done) => {
      jobTold(client, done);
    },
  });
}
