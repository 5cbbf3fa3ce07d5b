/** How far the training or the segmentation is. */
import { Group, Progress, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobApplied } from "../../api/events";
import { cancelJob, jobKeys } from "../../api/jobs";
import type { Job } from "../../api/types";
import { IconButton } from "../../ui/parts";

export function PixelJob({ projectId, job, mayCancel }: { projectId: string; job: Job; mayCancel: boolean }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess: (done) => {
      client.setQueryData<Job[]>(jobKeys.list(projectId), (old) => (old ? jobApplied(old, done) : old));
    },
  });
  return (
    <div data-testid="pixel-job" data-kind={job.kind}>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Text size="xs" className="ellipsis" title={job.title}>
          {job.message || job.title}
        </Text>
        {mayCancel ? (
          <IconButton label="Cancel" testId="pixel-cancel" size="sm" onClick={() => cancel.mutate()}>
            <IconX size={14} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      <Progress value={100 * job.progress} aria-label={job.title} animated />
    </div>
  );
}
