/** How far the training or the classification is; of a network the curves, and a way to stop it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { messageFrom } from "../../api/http";
import { curveQuery, finishJob } from "../../api/jobs";
import type { Job } from "../../api/types";
import { useCancelJob } from "../../api/useCancelJob";
import { tell } from "../../state/notices";
import { JobBar } from "../../ui/JobBar";
import { StopButton } from "../../ui/StopButton";
import { TrainingCurve } from "./TrainingCurve";

interface Props {
  job: Job;
  mayCancel: boolean;
}

const NETWORKS = ["cnn", "encoder"];

/** Whether a job trains a network. */
export function trainsNetwork({ kind, parameters }: Job): boolean {
  const { configuration } = parameters as { configuration?: { learner?: string } };
  return kind.startsWith("train-") && NETWORKS.includes(configuration?.learner ?? "");
}

export function RunningJob({ job, mayCancel }: Props) {
  const cancel = useCancelJob();
  return (
    <>
      <JobBar name="classify" {...job} onCancel={mayCancel ? () => cancel.mutate(job) : undefined} />
      {trainsNetwork(job) ? <Learning job={job} mayStop={mayCancel} /> : null}
    </>
  );
}

function Learning({ job, mayStop }: { job: Job; mayStop: boolean }) {
  const { data: points } = useQuery({ ...curveQuery(job.id), meta: { quiet: true } });
  const stop = useMutation({
    mutationFn: () => finishJob(job.id),
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  if (!points || points.length === 0) return null;
  return (
    <>
      <TrainingCurve points={points} />
      {mayStop ? (
        <StopButton isStopping={stop.isSuccess} isDisabled={stop.isPending} onStop={() => stop.mutate()}>
          Stop now and keep the best
        </StopButton>
      ) : null}
    </>
  );
}
