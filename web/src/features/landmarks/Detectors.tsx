/** The landmark detectors of the project: errors of each landmark, export, import, removal. */
import { FileButton, Group, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconTrash, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { exportDetector, importDetector, landmarkKeys, removeDetector } from "../../api/landmarks";
import type { LandmarkDetector } from "../../api/types";
import { tell } from "../../state/notices";
import { plural } from "../../ui/format";
import { Chip, Confirm, IconButton } from "../../ui/parts";
import { percent, typicalError } from "./rows";

interface Props {
  projectId: string;
  versions: readonly LandmarkDetector[];
  shown: LandmarkDetector | undefined;
  mayManage: boolean;
  onShow(version: number | null): void;
}

function nameOf(one: LandmarkDetector): string {
  const error = typicalError(one);
  const from = one.images === null ? "imported" : plural(one.images, "image");
  return `Version ${one.version} · ${from}${error === null ? "" : ` · ${error.toFixed(1)} px off`}`;
}

export function Detectors({ projectId, versions, shown, mayManage, onShow }: Props) {
  const [removes, setRemoves] = useState(false);
  const client = useQueryClient();
  const refresh = () => {
    onShow(null);
    return client.invalidateQueries({ queryKey: landmarkKeys.detectors(projectId) });
  };
  const remove = useMutation({
    mutationFn: (version: number) => removeDetector(projectId, version),
    onSuccess: () => {
      setRemoves(false);
      return refresh();
    },
  });
  const take = useMutation({
    mutationFn: (file: File) => importDetector(projectId, file),
    onSuccess: ({ version }) => {
      tell({ kind: "success", message: `Imported as landmark detector ${version}.` });
      return refresh();
    },
  });
  const save = (version: number) =>
    exportDetector(projectId, version).catch((error: unknown) =>
      tell({ kind: "error", message: messageFrom(error) }),
    );
  return (
    <Stack gap={6} data-testid="landmark-detectors" data-count={versions.length}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        {shown ? (
          <Select
            label="Landmark detectors"
            flex={1}
            data={versions.map((one) => ({ value: String(one.version), label: nameOf(one) }))}
            allowDeselect={false}
            value={String(shown.version)}
            onChange={(value) => onShow(value === null ? null : Number(value))}
            data-testid="landmark-version"
          />
        ) : (
          <Text size="xs" c="var(--text-dim)" flex={1}>
            No landmark detector yet. Train one, or import one from another project.
          </Text>
        )}
        {shown ? (
          <IconButton
            label="Export as bioimage.io package"
            testId="landmark-export"
            onClick={() => void save(shown.version)}
          >
            <IconDownload size={16} aria-hidden />
          </IconButton>
        ) : null}
        {mayManage ? (
          <FileButton accept=".zip" onChange={(file) => file && take.mutate(file)}>
            {(props) => (
              <IconButton label="Import a landmark detector" testId="landmark-import" {...props}>
                <IconUpload size={16} aria-hidden />
              </IconButton>
            )}
          </FileButton>
        ) : null}
        {mayManage && shown ? (
          <IconButton label="Remove this version" testId="landmark-remove" onClick={() => setRemoves(true)}>
            <IconTrash size={16} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      {shown ? <Errors detector={shown} /> : null}
      <Confirm
        opened={removes && shown !== undefined}
        title="Remove the landmark detector"
        action="Remove"
        isBusy={remove.isPending}
        onConfirm={() => shown && remove.mutate(shown.version)}
        onClose={() => setRemoves(false)}
      >
        {`Remove landmark detector ${shown?.version}? The landmarks that it found stay. This cannot be undone.`}
      </Confirm>
    </Stack>
  );
}

const shownNumber = (value: number | null): string => (value === null ? "–" : value.toFixed(1));

function Errors({ detector }: { detector: LandmarkDetector }) {
  const inUm = detector.landmarks.some(({ median_um }) => median_um !== null);
  return (
    <div data-testid="landmark-errors" data-version={detector.version}>
      <Text size="xs">
        Errors on images that were held out. Within: up to {detector.tolerance_percent} % of the longer side.
        Mean pos.: the median error, px, if the mean position were taken.
      </Text>
      <Table className="landmark-rows tabular">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Landmark</Table.Th>
            <Table.Th ta="right">median px</Table.Th>
            {inUm ? <Table.Th ta="right">µm</Table.Th> : null}
            <Table.Th ta="right">within</Table.Th>
            <Table.Th ta="right">mean pos.</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {detector.landmarks.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Td>
                <span className="landmark-error-name">
                  <Chip color={one.color} />
                  <span className="ellipsis">{one.name}</span>
                </span>
              </Table.Td>
              <Table.Td ta="right">{shownNumber(one.median_px)}</Table.Td>
              {inUm ? <Table.Td ta="right">{shownNumber(one.median_um)}</Table.Td> : null}
              <Table.Td ta="right">{one.within === null ? "–" : percent(one.within)}</Table.Td>
              <Table.Td ta="right">{shownNumber(one.baseline_px)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
