/** How far it is from each object to the nearest one of another class. */
import { Alert, Group, NumberInput, Select, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { type Neighbours, neighboursCsv, neighboursQuery } from "../../api/spatial";
import type { Layer, NeighbourDistances } from "../../api/types";
import { useWorkspace } from "../../state/workspace";
import { number, plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import { CsvButton } from "./CsvButton";
import { ALL, classChoices, termOf } from "./choices";
import type { SpatialProps } from "./RegionsPanel";

export function NeighboursPanel({ layer, layers, terms }: SpatialProps) {
  if (!layer || layer.count === 0)
    return (
      <PanelEmpty testId="neighbours-empty">
        There are no objects to measure between. Draw or segment some, or choose another layer at the left.
      </PanelEmpty>
    );
  return <Questions layer={layer} layers={layers} terms={terms} />;
}

function Questions({ layer, layers, terms }: SpatialProps & { layer: Layer }) {
  const [from, setFrom] = useState(ALL);
  const [to, setTo] = useState(ALL);
  const [other, setOther] = useState<string | null>(null);
  const [reach, setReach] = useState<number | null>(null);
  const plane = useWorkspace((s) => s.plane);
  const target = layers.find(({ id }) => id === other) ?? layer;
  const asked: Neighbours = { termId: termOf(from), toLayerId: target.id, toTermId: termOf(to), reach };
  const { data, error } = useQuery(
    neighboursQuery(layer.id, asked, plane, [layer.generation, target.generation]),
  );
  const classes = classChoices(terms, "All objects");
  const unit = data?.unit === "um" ? "µm" : "px";
  return (
    <Stack gap="sm" className="panel" data-testid="neighbours-panel">
      <Select
        label={`From each object of "${layer.name}"`}
        data={classes}
        value={from}
        onChange={(value) => setFrom(value ?? ALL)}
        allowDeselect={false}
        data-testid="neighbours-from"
      />
      <Select
        label="To the nearest object of"
        data={classes}
        value={to}
        onChange={(value) => setTo(value ?? ALL)}
        allowDeselect={false}
        data-testid="neighbours-to"
      />
      <Select
        label="In the layer"
        data={layers.map(({ id, name }) => ({ value: id, label: name }))}
        value={target.id}
        onChange={setOther}
        allowDeselect={false}
        data-testid="neighbours-layer"
      />
      <NumberInput
        label={`Count those within (${unit})`}
        placeholder="no limit"
        min={0}
        value={reach ?? ""}
        onChange={(value) => setReach(typeof value === "number" && value > 0 ? value : null)}
        data-testid="neighbours-reach"
      />
      {error ? (
        <Alert color="red" p="xs">
          <Text size="xs">{messageFrom(error)}</Text>
        </Alert>
      ) : null}
      {data && !error ? (
        <Answer found={data} unit={unit} csv={neighboursCsv(layer.id, asked, plane)} />
      ) : null}
    </Stack>
  );
}

function Answer({ found, unit, csv }: { found: NeighbourDistances; unit: string; csv: string }) {
  if (found.count === 0)
    return (
      <PanelEmpty testId="neighbours-none">
        {found.origin_count === 0
          ? "No object of the first class is on this plane."
          : "No object of the second class is on this plane."}
      </PanelEmpty>
    );
  const rows: [string, number | null][] = [
    ["Least", found.minimum],
    ["First quartile", found.first_quartile],
    ["Median", found.median],
    ["Third quartile", found.third_quartile],
    ["Largest", found.maximum],
    ["Mean", found.mean],
  ];
  const share = found.within === null ? null : (found.within / found.count) * 100;
  return (
    <>
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" fw={600}>
          {plural(found.count, "distance")} ({unit})
        </Text>
        <CsvButton address={csv} testId="neighbours-csv" />
      </Group>
      <Bars found={found} unit={unit} />
      <Table
        fz="xs"
        verticalSpacing={4}
        horizontalSpacing={6}
        className="numbers"
        data-testid="neighbours-table"
      >
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td ta="right">{number(value)}</Table.Td>
            </Table.Tr>
          ))}
          {share === null ? null : (
            <Table.Tr>
              <Table.Th scope="row">
                Within {number(found.reach)} {unit}
              </Table.Th>
              <Table.Td ta="right" data-testid="neighbours-within">
                {number(found.within)} ({number(Number(share.toFixed(1)))} %)
              </Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </>
  );
}

const HEIGHT = 90;

function Bars({ found, unit }: { found: NeighbourDistances; unit: string }) {
  const most = Math.max(...found.counts, 1);
  const last = found.edges.at(-1) ?? 0;
  const width = 100 / Math.max(found.counts.length, 1);
  return (
    <div>
      <svg
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
        role="img"
        aria-label={`Histogram of distances from 0 to ${number(last)} ${unit}`}
        data-testid="neighbours-histogram"
      >
        {found.counts.map((count, index) => (
          <rect
            key={found.edges[index]}
            x={index * width + width * 0.05}
            y={HEIGHT - (count / most) * HEIGHT}
            width={width * 0.9}
            height={(count / most) * HEIGHT}
            fill="var(--mantine-color-cyto-6)"
          />
        ))}
      </svg>
      <Group justify="space-between" className="numbers">
        <Text size="xs" c="var(--text-dim)">
          0
        </Text>
        <Text size="xs" c="var(--text-dim)">
          ≥ {number(last)} {unit}
        </Text>
      </Group>
    </div>
  );
}
