/** How far the training or the segmentation is. */
import type { Job } from "../../api/types";
import { useCancelJob } from "../../api/useCancelJob";
import { JobBar } from "../../ui/JobBar";

interface Props {
  job: Job;
  mayCancel: boolean;
}

export function PixelJob({ job, mayCancel }: Props) {
  const cancel = useCancelJob();
  return <JobBar name="pixel" {...job} onCancel={mayCancel ? () => cancel.mutate(job) : undefined} />;
}
