/** A measurement in numbers, group by group. */
import { Button, Group, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/download";
import { groupsQuery, groupsUrl } from "../../api/measurements";
import type { Column, Layer, Term } from "../../api/types";
import { decimalsFor, number } from "../../ui/format";
import { Chip } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import { clusterColor } from "./grouping";
import { groupingsFor, labelOf, setPlotting, usePlotting } from "./settings";

interface Props {
  layer: Layer;
  columns: readonly Column[];
  terms: readonly Term[];
}

const MOST_ROWS = 200;

export function GroupStatistics({ layer, columns, terms }: Props) {
  const plotting = usePlotting();
  const { scope } = plotting;
  const groupings = groupingsFor(
    scope,
    columns.some(({ key }) => key === "cluster"),
  );
  const by = groupings.some(({ value }) => value === plotting.by) ? plotting.by : "class";
  const [key, setKey] = useState<string | null>(null);
  const column = columns.find((one) => one.key === key) ?? columns[0];
  const { data } = useQuery(groupsQuery(layer.id, by, scope, column?.key ?? "area"));
  const save = useMutation({ mutationFn: () => download(groupsUrl(layer.id, by, scope)) });
  if (!column) return null;
  const rows = data?.groups ?? [];
  const found = rows.map(({ statistics }) => statistics[column.key]);
  const decimals = decimalsFor(found.flatMap((one) => [one?.mean, one?.median]));
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap" gap={6}>
        <Select
          flex={1}
          aria-label="Statistics by"
          data={groupings.map(({ value, label }) => ({ value, label: `By ${label.toLowerCase()}` }))}
          value={by}
          onChange={(value) => value && setPlotting({ by: value as typeof by })}
          allowDeselect={false}
          data-testid="groups-by"
        />
        <Select
          flex={1}
          searchable
          aria-label="Measurement of the table"
          data={columns.map((one) => ({ value: one.key, label: labelOf(one) }))}
          value={column.key}
          onChange={setKey}
          allowDeselect={false}
          data-testid="groups-column"
        />
        <Button
          flex="none"
          variant="default"
          px={8}
          leftSection={<IconDownload size={12} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
          data-testid="groups-csv"
        >
          CSV
        </Button>
      </Group>
      <Table
        fz="xs"
        verticalSpacing={4}
        horizontalSpacing={5}
        className="numbers"
        data-testid="class-summary"
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{groupings.find(({ value }) => value === by)?.label}</Table.Th>
            {["n", "Mean", "SD", "Median"].map((title) => (
              <Table.Th key={title} ta="right">
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, MOST_ROWS).map((row) => {
            const term = terms.find(({ id }) => id === row.term_id);
            const own = row.statistics[column.key];
            return (
              <Table.Tr key={row.name}>
                <Table.Td maw={120}>
                  <Group gap={6} wrap="nowrap">
                    {by === "class" ? <Chip color={term?.color ?? UNCLASSIFIED} /> : null}
                    {by === "cluster" ? <Chip color={clusterColor(row.name)} /> : null}
                    <span className="ellipsis" title={row.name}>
                      {row.name}
                    </span>
                  </Group>
                </Table.Td>
                <Table.Td ta="right">{number(own?.n)}</Table.Td>
                <Table.Td ta="right">{number(own?.mean, decimals)}</Table.Td>
                <Table.Td ta="right">{number(own?.sd, decimals)}</Table.Td>
                <Table.Td ta="right">{number(own?.median, decimals)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="var(--text-dim)">
        The CSV has every measurement, with quartiles.
      </Text>
      {rows.length > MOST_ROWS ? (
        <Text size="xs" c="var(--text-dim)">
          The first {MOST_ROWS} of {number(rows.length)}; the CSV has all.
        </Text>
      ) : null}
    </Stack>
  );
}
