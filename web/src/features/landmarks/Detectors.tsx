/** The landmark detectors of the project: errors of each landmark, export, import, removal. */
import { Stack, Table, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { exportDetector, importDetector, landmarkKeys, removeDetector } from "../../api/landmarks";
import type { LandmarkDetector } from "../../api/types";
import { versionActions } from "../../state/versions";
import { plural } from "../../ui/format";
import { Chip } from "../../ui/parts";
import { VersionBar } from "../../ui/VersionBar";
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
  const client = useQueryClient();
  const actions = versionActions({
    noun: "landmark detector",
    save: (version) => exportDetector(projectId, version),
    take: (file) => importDetector(projectId, file),
    remove: (version) => removeDetector(projectId, version),
    refresh: () => {
      onShow(null);
      return client.invalidateQueries({ queryKey: landmarkKeys.detectors(projectId) });
    },
  });
  return (
    <Stack gap={6} data-testid="landmark-detectors" data-count={versions.length}>
      <VersionBar
        name="landmark"
        noun="landmark detector"
        kept="The landmarks that it found stay."
        versions={versions.map((one) => ({ version: one.version, label: nameOf(one) }))}
        shown={shown?.version}
        mayManage={mayManage}
        onShow={onShow}
        {...actions}
      />
      {shown ? <Errors detector={shown} /> : null}
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
