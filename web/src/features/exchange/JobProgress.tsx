/** A job that one waits for: how far it is, what came of it, and a way to stop it. */
import { Alert, Button, Group, Progress, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isRunning } from "../../api/events";
import { cancelJob, jobsQuery, jobTold } from "../../api/jobs";
import type { Job } from "../../api/types";

const ASK_AGAIN_MS = 1500;

/** The job as it is now; the stream tells of it, and where that is down it is asked for. */
export function useJob(projectId: string, jobId: string | null): Job | null {
  const { data } = useQuery({
    ...jobsQuery(projectId),
    enabled: jobId !== null,
    refetchInterval: (query) =>
      query.state.data?.some((job) => job.id === jobId && isRunning(job)) ? ASK_AGAIN_MS : false,
  });
  return data?.find(({ id }) => id === jobId) ?? null;
}

/** Puts a job that was just started where the lists look for it. */
export function useStarted(): (job: Job) => void {
  const client = useQueryClient();
  return (job) => jobTold(client, job);
}

export function JobProgress({ job, testId }: { job: Job; testId: string }) {
  const started = useStarted();
  const cancel = useMutation({ mutationFn: () => cancelJob(job.id), onSuccess: started });
  if (job.state === "failed")
    return (
      <Alert color="red" data-testid={`${testId}-error`}>
        {job.error ?? "See the log of the job."}
      </Alert>
    );
  if (!isRunning(job))
    return (
      <Alert color={job.state === "done" ? "teal" : "gray"} data-testid={`${testId}-result`}>
        {job.message}
      </Alert>
    );
  return (
    <div data-testid={`${testId}-progress`}>
      <Progress value={job.progress * 100} animated aria-label={`${job.title}: progress`} />
      <Group justify="space-between" mt={4} wrap="nowrap">
        <Text size="xs" c="var(--text-dim)" className="ellipsis">
          {job.message}
        </Text>
        <Button
          size="compact-xs"
          variant="default"
          flex="none"
          loading={cancel.isPending}
          onClick={() => cancel.mutate()}
          data-testid={`${testId}-cancel`}
        >
          Cancel
        </Button>
      </Group>
      <Text size="xs" c="var(--text-dim)">
        You may close this window: the job goes on, see Jobs.
      </Text>
    </div>
  );
}
