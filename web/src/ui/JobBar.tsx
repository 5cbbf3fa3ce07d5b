/** How far something is, and a way to end it. */
import { Group, Progress, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { IconButton } from "./parts";

interface Props {
  /** Of the tests: NAME-job and NAME-cancel. */
  name: string;
  kind: string;
  title: string;
  message: string;
  /** 0..1. */
  progress: number;
  onCancel?: (() => void) | undefined;
}

export function JobBar({ name, kind, title, message, progress, onCancel }: Props) {
  return (
    <div data-testid={`${name}-job`} data-kind={kind}>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Text size="xs" className="ellipsis" title={title}>
          {message || title}
        </Text>
        {onCancel ? (
          <IconButton label="Cancel" testId={`${name}-cancel`} size="sm" onClick={onCancel}>
            <IconX size={14} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      <Progress value={100 * progress} aria-label={title} animated />
    </div>
  );
}
