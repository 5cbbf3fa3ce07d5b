import { Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { bytes, plural } from "../../ui/format";
import { IconButton } from "../../ui/parts";
import { cancelUpload, dismiss, type UploadItem, useUploads } from "./uploadStore";

const MOST_SHOWN = 8;

function statusOf({ progress, size, imported }: UploadItem): string {
  switch (progress.phase) {
    case "waiting":
      return "waiting";
    case "sending":
      return `${bytes(progress.sent)} of ${bytes(size)}`;
    case "paused":
      return "connection lost, trying again";
    case "sent":
      return imported === "pending" ? "importing" : imported;
    case "failed":
      return progress.error ?? "failed";
    case "cancelled":
      return "cancelled";
  }
}

/** What is on its way to the server; in a corner, so that nothing on the page moves when it comes and goes. */
export function UploadList({ projectId }: { projectId: string }) {
  const all = useUploads((s) => s.items);
  const items = all.filter((item) => item.projectId === projectId);
  if (items.length === 0) return null;
  return (
    <Paper withBorder p="sm" radius="md" shadow="md" className="uploads" data-testid="uploads">
      <Text size="xs" fw={600} mb={6}>
        {plural(items.length, "upload")}
      </Text>
      <Stack gap={6}>
        {items.slice(0, MOST_SHOWN).map((item) => (
          <UploadRow key={item.key} item={item} />
        ))}
        {items.length > MOST_SHOWN ? (
          <Text size="xs" c="var(--text-dim)">
            and {items.length - MOST_SHOWN} more
          </Text>
        ) : null}
      </Stack>
    </Paper>
  );
}

function UploadRow({ item }: { item: UploadItem }) {
  const isFailed = item.progress.phase === "failed";
  const share = item.size === 0 ? 100 : (item.progress.sent / item.size) * 100;
  return (
    <Group gap="sm" wrap="nowrap" data-testid="upload-row" data-phase={item.progress.phase}>
      <Text size="xs" className="ellipsis" w={150} title={item.name}>
        {item.name}
      </Text>
      {isFailed ? (
        <Text size="xs" c="red" flex={1} lineClamp={3} title={statusOf(item)}>
          {statusOf(item)}
        </Text>
      ) : (
        <>
          <Progress
            flex={1}
            size="sm"
            value={share}
            color={item.progress.phase === "paused" ? "orange" : "cyto"}
            animated={item.progress.phase === "sending" || item.progress.phase === "sent"}
            aria-label={`Upload of ${item.name}`}
          />
          <Text size="xs" c="var(--text-dim)" w={120} className="ellipsis numbers" title={statusOf(item)}>
            {statusOf(item)}
          </Text>
        </>
      )}
      <IconButton
        label={isFailed ? "Dismiss" : `Cancel the upload of ${item.name}`}
        testId="upload-cancel"
        onClick={() => (isFailed ? dismiss(item.key) : void cancelUpload(item.key))}
      >
        <IconX size={14} />
      </IconButton>
    </Group>
  );
}
