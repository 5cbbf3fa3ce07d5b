/** Registers files that lie on the server already, in place. */
import {
  Anchor,
  Breadcrumbs,
  Button,
  Checkbox,
  Group,
  Loader,
  Modal,
  ScrollArea,
  Stack,
  Text,
} from "@mantine/core";
import { IconFile, IconFolder } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { imageKeys, registerFiles, serverFilesQuery } from "../../api/images";
import { jobKeys } from "../../api/jobs";
import type { ServerEntry } from "../../api/types";
import { bytes, plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";

export function ServerFilesDialog({ projectId, onClose }: { projectId: string; onClose(): void }) {
  const client = useQueryClient();
  const [trail, setTrail] = useState<readonly ServerEntry[]>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const entries = useQuery(serverFilesQuery(trail.at(-1)?.path ?? ""));
  const add = useMutation({
    mutationFn: () => registerFiles(projectId, [...chosen]),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: imageKeys.list(projectId) });
      void client.invalidateQueries({ queryKey: jobKeys.list(projectId) });
      onClose();
    },
  });
  const toggle = (path: string) => {
    const next = new Set(chosen);
    if (!next.delete(path)) next.add(path);
    setChosen(next);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Add images from a folder of the server"
      size="lg"
      data-testid="server-files"
    >
      <Stack gap="sm">
        <Breadcrumbs fz="xs">
          <Anchor component="button" size="xs" onClick={() => setTrail([])}>
            Folders
          </Anchor>
          {trail.map((entry, i) => (
            <Anchor
              key={entry.path}
              component="button"
              size="xs"
              onClick={() => setTrail(trail.slice(0, i + 1))}
            >
              {entry.name}
            </Anchor>
          ))}
        </Breadcrumbs>
        <ScrollArea h={340} type="auto">
          {entries.isPending ? <Loader size="sm" /> : null}
          {entries.data?.length === 0 ? <PanelEmpty>This folder is empty.</PanelEmpty> : null}
          {entries.data?.map((entry) => (
            <EntryRow
              key={entry.path}
              entry={entry}
              isChosen={chosen.has(entry.path)}
              isRoot={trail.length === 0}
              onToggle={() => toggle(entry.path)}
              onOpen={() => setTrail([...trail, entry])}
            />
          ))}
        </ScrollArea>
        <Group justify="space-between">
          <Text size="xs" c="var(--text-dim)">
            The files stay where they are; a chosen folder is searched for images.
          </Text>
          <Button
            disabled={chosen.size === 0}
            loading={add.isPending}
            onClick={() => add.mutate()}
            data-testid="server-add"
          >
            {chosen.size === 0 ? "Add" : `Add ${plural(chosen.size, "entry", "entries")}`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface EntryProps {
  entry: ServerEntry;
  isChosen: boolean;
  isRoot: boolean;
  onToggle(): void;
  onOpen(): void;
}

function EntryRow({ entry, isChosen, isRoot, onToggle, onOpen }: EntryProps) {
  const isFolder = entry.kind === "folder";
  const Icon = isFolder ? IconFolder : IconFile;
  return (
    <div className="list-row" data-testid="server-entry">
      {isRoot ? null : (
        <Checkbox checked={isChosen} onChange={onToggle} aria-label={`Choose ${entry.name}`} />
      )}
      <button type="button" className="row-button" onClick={isFolder ? onOpen : onToggle}>
        <Icon size={15} stroke={1.5} />
        <Text size="xs" className="ellipsis" flex={1}>
          {entry.name}
        </Text>
        <Text size="xs" c="var(--text-dim)">
          {entry.size_bytes ? bytes(entry.size_bytes) : ""}
        </Text>
      </button>
    </div>
  );
}
