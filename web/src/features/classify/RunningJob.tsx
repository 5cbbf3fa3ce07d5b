/** How far the training or the classification is. */
import type { Job } from "../../api/types";
import { useCancelJob } from "../../api/useCancelJob";
import { JobBar } from "../../ui/JobBar";

interface Props {
  projectId: string;
  job: Job;
  mayCancel: boolean;
}

export function RunningJob({ projectId, job, mayCancel }: Props) {
  const cancel = useCancelJob(projectId);
  return <JobBar name="classify" {...job} onCancel={mayCancel ? () => cancel.mutate(job) : undefined} />;
}
