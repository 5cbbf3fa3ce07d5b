/** How far the training or the classification is; of a network the curves, and a way to stop it. */
import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconPlayerStop, IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { jobApplied } from "../../api/events";
import { messageFrom } from "../../api/http";
import { cancelJob, curveQuery, finishJob, jobKeys } from "../../api/jobs";
import type { Job } from "../../api/types";
import { tell } from "../../state/notices";
import { IconButton } from "../../ui/parts";
import { TrainingCurve } from "./TrainingCurve";

interface Props {
  projectId: string;
  job: Job;
  mayCancel: boolean;
}

const NETWORKS = ["cnn", "encoder"];

/** Whether a job trains a network. */
export function trainsNetwork({ kind, parameters }: Job): boolean {
  const { configuration } = parameters as { configuration?: { learner?: string } };
  return kind.startsWith("train-") && NETWORKS.includes(configuration?.learner ?? "");
}

export function RunningJob({ projectId, job, mayCancel }: Props) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess: (done) => {
      client.setQueryData<Job[]>(jobKeys.list(projectId), (old) => (old ? jobApplied(old, done) : old));
    },
  });
  return (
    <Stack gap={4} data-testid="classify-job" data-kind={job.kind}>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Text size="xs" className="ellipsis" title={job.message || job.title}>
          {job.message || job.title}
        </Text>
        {mayCancel ? (
          <IconButton label="Cancel" testId="classify-cancel" size="sm" onClick={() => cancel.mutate()}>
            <IconX size={14} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      <Progress value={100 * job.progress} aria-label={job.title} animated />
      {trainsNetwork(job) ? <Learning job={job} mayStop={mayCancel} /> : null}
    </Stack>
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
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={14} aria-hidden />}
          disabled={stop.isPending || stop.isSuccess}
          onClick={() => stop.mutate()}
          data-testid="stop-and-keep"
        >
          {stop.isSuccess ? "Stopping…" : "Stop now and keep the best"}
        </Button>
      ) : null}
    </>
  );
}
