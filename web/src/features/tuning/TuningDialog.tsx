/** A model goes on learning from accepted outlines: what to learn from, then before and after. */
import { Modal, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isRunning } from "../../api/events";
import { messageFrom } from "../../api/http";
import { jobsQuery } from "../../api/jobs";
import { tuningQuery } from "../../api/tuning";
import type { Job } from "../../api/types";
import { setWorkspace, useWorkspace } from "../../state/workspace";
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
          <OfJob projectId={projectId} jobId={shown} mayManage={mayManage} />
        ) : null}
      </div>
    </Modal>
  );
}

function OfJob({ projectId, jobId, mayManage }: { projectId: string; jobId: string; mayManage: boolean }) {
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const job = jobs?.find(({ id }) => id === jobId);
  if (!job) return null;
  return job.state === "done" ? <Finished jobId={jobId} mayManage={mayManage} /> : <Unfinished job={job} />;
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

function Unfinished({ job }: { job: Job }) {
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
      {isRunning(job) ? (
        <Text size="xs" c="var(--text-dim)">
          You can close this and work on. The list of jobs shows how far it is, and the result when it is
          done.
        </Text>
      ) : null}
    </Stack>
  );
}
