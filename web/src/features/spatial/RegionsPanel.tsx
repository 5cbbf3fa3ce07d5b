/** How many objects of each class lie in each region. */
import { Alert, Button, Group, Select, Stack, Table, Text } from "@mantine/core";
import { IconMarquee2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { regionsCsv, regionsQuery } from "../../api/spatial";
import type { Layer, RegionTable, Term } from "../../api/types";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { number } from "../../ui/format";
import { Chip, PanelEmpty } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import { CsvButton } from "./CsvButton";
import { ALL, classChoices, DRAWN, regionChoices, regionsOf, SELECTED } from "./choices";

export interface SpatialProps {
  layer: Layer | null;
  layers: readonly Layer[];
  terms: readonly Term[];
}

function draw(choose: (source: string) => void): void {
  setWorkspace({ tool: "region" });
  choose(DRAWN);
}

type Show = "count" | "density" | "area_ratio";

export function RegionsPanel({ layer, layers, terms }: SpatialProps) {
  const [wanted, setWanted] = useState<string | null>(null);
  const [term, setTerm] = useState(ALL);
  const [show, setShow] = useState<Show>("count");
  const selection = useWorkspace((s) => s.selection);
  const region = useWorkspace((s) => s.region);
  const plane = useWorkspace((s) => s.plane);
  const isDrawing = useWorkspace((s) => s.tool === "region");
  const choices = regionChoices(layers, selection, region);
  const source = choices.some(({ value }) => value === wanted) ? wanted : null;
  const regions = regionsOf({ source, term, selection, region });
  const generations = layers.map(({ generation }) => generation);
  const query = regionsQuery(layer?.id ?? "", layer ? regions : null, plane, generations);
  const { data, error } = useQuery(query);
  if (!layer)
    return (
      <PanelEmpty testId="regions-empty">
        There is nothing to count yet. Draw or segment objects first.
      </PanelEmpty>
    );
  return (
    <Stack gap="sm" className="panel" data-testid="regions-panel">
      <Text size="xs" c="var(--text-dim)">
        Objects of "{layer.name}" by the place of their centre. Choose what bounds them: the areas of a layer,
        selected objects, or a rectangle that you draw.
      </Text>
      <Group gap={6} wrap="nowrap" align="flex-end">
        <Select
          flex={1}
          label="Regions"
          placeholder="Choose regions"
          data={choices}
          value={source}
          onChange={setWanted}
          data-testid="regions-source"
        />
        <Button
          px={8}
          variant={isDrawing ? "filled" : "default"}
          leftSection={<IconMarquee2 size={14} />}
          onClick={() => draw(setWanted)}
          data-testid="regions-draw"
        >
          {isDrawing ? "Drag it" : "Draw"}
        </Button>
      </Group>
      {source !== null && source !== SELECTED && source !== DRAWN ? (
        <Select
          label="Of class"
          data={classChoices(terms, "All areas of the layer")}
          value={term}
          onChange={(value) => setTerm(value ?? ALL)}
          allowDeselect={false}
          data-testid="regions-class"
        />
      ) : null}
      {error ? (
        <Alert color="red" p="xs" data-testid="regions-error">
          <Text size="xs">{messageFrom(error)}</Text>
        </Alert>
      ) : null}
      {regions && data && !error ? (
        <>
          <Group justify="space-between" wrap="nowrap">
            <Select
              aria-label="What the table shows"
              data={SHOWN(data)}
              value={show}
              onChange={(value) => setShow((value ?? "count") as Show)}
              allowDeselect={false}
              data-testid="regions-show"
            />
            <CsvButton address={regionsCsv(layer.id, regions, plane)} testId="regions-csv" />
          </Group>
          <Counts table={data} terms={terms} show={show} />
        </>
      ) : null}
    </Stack>
  );
}

const SHOWN = ({ density_unit }: RegionTable): { value: Show; label: string }[] => [
  { value: "count", label: "Objects" },
  { value: "density", label: density_unit === "1/mm^2" ? "Objects per mm²" : "Objects per million px" },
  { value: "area_ratio", label: "Share of the area (%)" },
];

const MOST_SHOWN = 200;

const cell = (value: number | null, show: Show): string =>
  number(show === "area_ratio" && value !== null ? value * 100 : value);

function Counts({ table, terms, show }: { table: RegionTable; terms: readonly Term[]; show: Show }) {
  if (table.regions.length === 0)
    return (
      <PanelEmpty testId="regions-none">
        No area of this kind is in the layer on this plane. Choose another class or layer.
      </PanelEmpty>
    );
  const classes = table.totals.map(({ term_id }) => terms.find(({ id }) => id === term_id) ?? null);
  const unit = table.unit === "um" ? "µm²" : "px²";
  const totals = (name: "inside" | "outside", label: string) => (
    <Table.Tr fw={600}>
      <Table.Td colSpan={2}>{label}</Table.Td>
      {table.totals.map((total) => (
        <Table.Td key={total.term_id ?? 0} ta="right">
          {number(total[name])}
        </Table.Td>
      ))}
    </Table.Tr>
  );
  return (
    <div className="wide-table">
      <Table
        fz="xs"
        verticalSpacing={4}
        horizontalSpacing={6}
        className="numbers"
        data-testid="regions-table"
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Region</Table.Th>
            <Table.Th ta="right">{unit}</Table.Th>
            {classes.map((term) => (
              <Table.Th key={term?.id ?? 0} ta="right">
                <Group gap={4} wrap="nowrap" justify="flex-end">
                  <Chip color={term?.color ?? UNCLASSIFIED} />
                  <span className="ellipsis">{term?.name ?? "No class"}</span>
                </Group>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.regions.slice(0, MOST_SHOWN).map((row) => (
            <Table.Tr key={row.annotation_id ?? "drawn"}>
              <Table.Td>{row.annotation_id ?? "Drawn"}</Table.Td>
              <Table.Td ta="right">{number(Math.round(row.area))}</Table.Td>
              {row.classes.map((one) => (
                <Table.Td key={one.term_id ?? 0} ta="right">
                  {cell(one[show], show)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
        {show === "count" ? (
          <Table.Tfoot data-testid="regions-totals">
            {totals("inside", "In any region")}
            {totals("outside", "In none")}
          </Table.Tfoot>
        ) : null}
      </Table>
      {table.regions.length > MOST_SHOWN ? (
        <Text size="xs" c="var(--text-dim)">
          The first {MOST_SHOWN} of {number(table.regions.length)} regions; the CSV has all.
        </Text>
      ) : null}
    </div>
  );
}
