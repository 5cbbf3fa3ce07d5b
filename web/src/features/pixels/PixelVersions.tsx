/** The pixel classifiers of the project: which one is shown and applied, export, import, removal. */
import { FileButton, Group, Select, Stack, Text } from "@mantine/core";
import { IconDownload, IconTrash, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { projectMethodsQuery } from "../../api/jobs";
import {
  exportPixelClassifier,
  importPixelClassifier,
  pixelKeys,
  removePixelClassifier,
} from "../../api/pixels";
import type { PixelClassifier } from "../../api/types";
import { tell } from "../../state/notices";
import { setPixels } from "../../state/pixels";
import { plural } from "../../ui/format";
import { Confirm, IconButton } from "../../ui/parts";
import { sum } from "./counts";
import { PixelScores } from "./PixelScores";

interface Props {
  projectId: string;
  versions: readonly PixelClassifier[];
  shown: PixelClassifier | undefined;
  mayManage: boolean;
}

const nameOf = ({ version, scribbles, macro_f1 }: PixelClassifier): string =>
  `Version ${version} · ${scribbles.length > 0 ? plural(sum(scribbles), "scribble") : "imported"}${macro_f1 === null ? "" : ` · F1 ${macro_f1.toFixed(2)}`}`;

export function PixelVersions({ projectId, versions, shown, mayManage }: Props) {
  const [removes, setRemoves] = useState(false);
  const client = useQueryClient();
  const refresh = () => {
    setPixels({ version: null });
    void client.invalidateQueries({ queryKey: projectMethodsQuery(projectId).queryKey });
    return client.invalidateQueries({ queryKey: pixelKeys.list(projectId) });
  };
  const remove = useMutation({
    mutationFn: (version: number) => removePixelClassifier(projectId, version),
    onSuccess: () => {
      setRemoves(false);
      return refresh();
    },
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  const take = useMutation({
    mutationFn: (file: File) => importPixelClassifier(projectId, file),
    onSuccess: ({ version }) => {
      tell({ kind: "success", message: `Imported as pixel classifier ${version}.` });
      return refresh();
    },
    onError: (error) => tell({ kind: "error", title: "Not imported", message: messageFrom(error) }),
  });
  const save = (version: number) =>
    exportPixelClassifier(projectId, version).catch((error: unknown) =>
      tell({ kind: "error", message: messageFrom(error) }),
    );
  return (
    <Stack gap={6} data-testid="pixel-versions" data-count={versions.length}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        {shown ? (
          <Select
            label="Pixel classifiers"
            flex={1}
            data={versions.map((one) => ({ value: String(one.version), label: nameOf(one) }))}
            allowDeselect={false}
            value={String(shown.version)}
            onChange={(value) => setPixels({ version: value === null ? null : Number(value) })}
            data-testid="pixel-version"
          />
        ) : (
          <Text size="xs" c="var(--text-dim)" flex={1}>
            No pixel classifier yet. Train one, or import one from another project.
          </Text>
        )}
        {shown ? (
          <IconButton
            label="Export as bioimage.io package"
            testId="pixel-export"
            onClick={() => void save(shown.version)}
          >
            <IconDownload size={16} aria-hidden />
          </IconButton>
        ) : null}
        {mayManage ? (
          <FileButton accept=".zip" onChange={(file) => file && take.mutate(file)}>
            {(props) => (
              <IconButton label="Import a pixel classifier" testId="pixel-import" {...props}>
                <IconUpload size={16} aria-hidden />
              </IconButton>
            )}
          </FileButton>
        ) : null}
        {mayManage && shown ? (
          <IconButton label="Remove this version" testId="pixel-remove" onClick={() => setRemoves(true)}>
            <IconTrash size={16} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      {shown ? <PixelScores projectId={projectId} version={shown.version} /> : null}
      <Confirm
        opened={removes && shown !== undefined}
        title="Remove the pixel classifier"
        action="Remove"
        isBusy={remove.isPending}
        onConfirm={() => shown && remove.mutate(shown.version)}
        onClose={() => setRemoves(false)}
      >
        {`Remove pixel classifier ${shown?.version}? The objects that it found stay. This cannot be undone.`}
      </Confirm>
    </Stack>
  );
}
