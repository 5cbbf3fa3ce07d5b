/** A model goes on learning from accepted outlines: what to learn from, then before and after. */
import { Modal, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { isRunning } from "../../api/events";
import { messageFrom } from "../../api/http";
import { finishJob, jobsQuery } from "../../api/jobs";
import { tuningCurveQuery, tuningQuery } from "../../api/tuning";
import type { Job } from "../../api/types";
import { tell } from "../../state/notices";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { StopButton } from "../../ui/StopButton";
import { LossCurve } from "./LossCurve";
import { Result } from "./Result";
import { TuningForm } from "./TuningForm";
import "./tuning.css";

interface Props {
  projectId: string;
  mayRun: boolean;
  mayManage: boolean;
}

export function TuningDialog({ projectId, mayRun, mayManage }: Props) {
  const shown = useWorkspace((s) => s.tuning);
  return (
    <Modal
      opened={shown !== null}
      onClose={() => setWorkspace({ tuning: null })}
      title="Improve a model with your corrections"
      size="min(960px, 94vw)"
    >
      <div data-testid="tuning-dialog">
        {shown === "new" && mayRun ? <TuningForm projectId={projectId} /> : null}
        {shown !== null && shown !== "new" ? (
          <OfJob projectId={projectId} jobId={shown} mayRun={mayRun} mayManage={mayManage} />
        ) : null}
      </div>
    </Modal>
  );
}

function OfJob({ projectId, jobId, mayRun, mayManage }: Props & { jobId: string }) {
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const job = jobs?.find(({ id }) => id === jobId);
  if (!job) return null;
  return job.state === "done" ? (
    <Finished jobId={jobId} mayManage={mayManage} />
  ) : (
    <Unfinished job={job} mayStop={mayRun} />
  );
}

function Finished({ jobId, mayManage }: { jobId: string; mayManage: boolean }) {
  const found = useQuery(tuningQuery(jobId));
  if (found.isError) {
    return (
      <Text size="sm" c="red" role="alert">
        {messageFrom(found.error)}
      </Text>
    );
  }
  return found.data ? <Result result={found.data} mayManage={mayManage} /> : null;
}

function Unfinished({ job, mayStop }: { job: Job; mayStop: boolean }) {
  return (
    <Stack gap="sm" data-testid="tuning-job" data-state={job.state}>
      <Text size="sm" fw={600}>
        {job.title}
      </Text>
      {isRunning(job) ? (
        <Progress value={job.progress * 100} animated aria-label="How far the training is" />
      ) : null}
      <Text size="sm" c={job.error ? "red" : "var(--text-dim)"}>
        {job.error ?? job.message}
      </Text>
      {isRunning(job) ? <Learning job={job} mayStop={mayStop} /> : null}
      {isRunning(job) ? (
        <Text size="xs" c="var(--text-dim)">
          You can close this and work on. The list of jobs shows how far it is, and the result when it is
          done.
        </Text>
      ) : null}
    </Stack>
  );
}

/** The losses so far, and a way to be content with them. */
function Learning({ job, mayStop }: { job: Job; mayStop: boolean }) {
  const { data: points } = useQuery({ ...tuningCurveQuery(job.id), meta: { quiet: true } });
  const stop = useMutation({
    mutationFn: () => finishJob(job.id),
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  if (!points || points.length === 0) return null;
  return (
    <>
      <LossCurve points={points} />
      {mayStop ? (
        <div>
          <StopButton isStopping={stop.isSuccess} isDisabled={stop.isPending} onStop={() => stop.mutate()}>
            Stop now and keep what was learnt
          </StopButton>
        </div>
      ) : null}
    </>
  );
}
