/** Changes that the server did not take: the user decides whose side stands. Nothing goes by itself. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCloudExclamation } from "@tabler/icons-react";
import { useState } from "react";
import type { Queued } from "../../outbox/change";
import { useWorkspace } from "../../state/workspace";

const KEEP: Record<NonNullable<Queued["problem"]>["kind"], string> = {
  changed: "Keep mine",
  gone: "Save mine as a new object",
  refused: "Try again",
};

function what({ creates, updates, deletes }: Queued): string {
  const parts = [
    creates.length > 0 ? `${creates.length} drawn` : "",
    updates.length > 0 ? `${updates.length} changed` : "",
    deletes.length > 0 ? `${deletes.length} deleted` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

export function StuckChanges() {
  const stuck = useWorkspace((s) => s.save.stuck);
  const [isOpen, setOpen] = useState(false);
  if (stuck.length === 0) return null;
  return (
    <>
      <button type="button" className="status-warning" onClick={() => setOpen(true)} data-testid="not-saved">
        <IconCloudExclamation size={14} stroke={1.7} aria-hidden />
        {stuck.length === 1 ? "1 change not saved" : `${stuck.length} changes not saved`}
      </button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Not saved" data-testid="stuck">
        <Stack gap="sm">
          <Text size="sm">These changes are kept in this browser until you decide.</Text>
          {stuck.map((queued) => (
            <StuckRow key={queued.key} queued={queued} />
          ))}
        </Stack>
      </Modal>
    </>
  );
}

function StuckRow({ queued }: { queued: Queued }) {
  const editor = useWorkspace((s) => s.editor);
  const isHere = editor?.imageId === queued.imageId;
  const { problem } = queued;
  if (!problem) return null;
  return (
    <div className="stuck-row" data-testid="stuck-row">
      <Text size="sm" fw={600}>
        Objects: {what(queued)}
      </Text>
      <Text size="sm">{problem.message}</Text>
      <Group gap="xs" mt={6}>
        <Button
          size="xs"
          disabled={!isHere}
          onClick={() => void editor?.insist(queued)}
          data-testid="keep-mine"
        >
          {KEEP[problem.kind]}
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={!isHere}
          onClick={() => editor?.discard(queued)}
          data-testid="keep-theirs"
        >
          Give it up
        </Button>
        {isHere ? null : <Text size="xs">It belongs to another image: open that one to decide.</Text>}
      </Group>
    </div>
  );
}
