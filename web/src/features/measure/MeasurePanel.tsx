/** Measurements of a layer: run, plots, a table per class, files. */
import { Alert, Button, Group, SegmentedControl, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconRulerMeasure } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { download } from "../../api/download";
import { jobApplied, isRunning as runs } from "../../api/events";
import { jobKeys, jobsQuery, startJob } from "../../api/jobs";
import { columnsQuery, EVERYTHING, objectsQuery, summaryQuery, tableUrl } from "../../api/measurements";
import { ontologyQuery } from "../../api/projects";
import type { Column, Job, Layer, MeasurementSummary, Term } from "../../api/types";
import { MOST_DRAWN, markAll, useListing } from "../../state/listing";
import { number, plural } from "../../ui/format";
import { Chip, PanelEmpty } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import { type Gate, idsInGate } from "./bins";
import { FeatureChoice, rememberedFeatures } from "./FeatureChoice";
import { HistogramPlot, ScatterPlot } from "./plots";

/** What can be done with the objects that are marked. */
export type Actions = (layer: Layer, terms: readonly Term[]) => ReactNode;

interface PanelProps {
  projectId: string;
  layer: Layer | null;
  mayRun: boolean;
  actions: Actions;
}

export function MeasurePanel({ projectId, layer, mayRun, actions }: PanelProps) {
  if (!layer)
    return (
      <PanelEmpty testId="measure-empty">
        There is nothing to measure yet. Draw or segment objects first.
      </PanelEmpty>
    );
  return (
    <Stack gap="sm" className="panel" data-testid="measure-panel">
      <MeasureButton projectId={projectId} layer={layer} mayRun={mayRun} />
      {layer.measured_at ? (
        <Results key={layer.id} projectId={projectId} layer={layer} actions={actions} />
      ) : null}
    </Stack>
  );
}

function MeasureButton({ projectId, layer, mayRun }: Omit<PanelProps, "actions"> & { layer: Layer }) {
  const client = useQueryClient();
  const [features, setFeatures] = useState(rememberedFeatures);
  const jobs = useQuery(jobsQuery(projectId));
  const isRunning = jobs.data?.some(
    (job) => job.kind === "measure" && job.layer_ids.includes(layer.id) && runs(job),
  );
  const save = useMutation({
    mutationFn: (format: "csv" | "parquet") => download(tableUrl(layer.id, format)),
  });
  const start = useMutation({
    mutationFn: () => startJob(projectId, { kind: "measure", layer_ids: [layer.id], ...features }),
    onSuccess: (job) =>
      client.setQueryData<Job[]>(jobKeys.list(projectId), (old) => (old ? jobApplied(old, job) : old)),
  });
  return (
    <>
      <Group gap="xs" wrap="nowrap">
        <Button
          flex={1}
          px={8}
          leftSection={<IconRulerMeasure size={14} />}
          variant={layer.measured_at ? "default" : "filled"}
          disabled={layer.count === 0 || !mayRun}
          loading={start.isPending || isRunning === true}
          onClick={() => start.mutate()}
          data-testid="measure-run"
        >
          {layer.measured_at ? "Measure again" : `Measure ${plural(layer.count, "object")}`}
        </Button>
        {layer.measured_at ? (
          <>
            <Button
              onClick={() => save.mutate("csv")}
              variant="default"
              px={8}
              leftSection={<IconDownload size={12} />}
              data-testid="measurements-csv"
            >
              CSV
            </Button>
            <Button
              onClick={() => save.mutate("parquet")}
              variant="default"
              px={8}
              leftSection={<IconDownload size={12} />}
              data-testid="measurements-parquet"
            >
              Parquet
            </Button>
          </>
        ) : null}
      </Group>
      {mayRun && layer.count > 0 ? <FeatureChoice value={features} onChange={setFeatures} /> : null}
      {layer.measured_at ? null : (
        <Text size="xs" c="var(--text-dim)">
          Area, shape and the intensity of every channel of each object in "{layer.name}"; shown here as plots
          and in the table of objects.
        </Text>
      )}
    </>
  );
}

/** Where an object lies says less than what it is like. */
const LAST = ["score", "term_score", "x", "y", "z", "t"];

function Results({ projectId, layer, actions }: { projectId: string; layer: Layer; actions: Actions }) {
  const summary = useQuery(summaryQuery(layer.id));
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const table = useQuery(objectsQuery(layer.id, EVERYTHING, 0, 1));
  const columns = (summary.data?.columns ?? [])
    .filter((column) => column.numeric)
    .toSorted((a, b) => LAST.indexOf(a.key) - LAST.indexOf(b.key));
  const stale = table.data?.stale_count ?? 0;
  const terms = ontology?.terms ?? [];
  return (
    <>
      {stale > 0 ? (
        <Alert color="yellow" p="xs">
          <Text size="xs">
            {plural(stale, "object")} changed since the measurement. Measure again to bring the numbers up to
            date.
          </Text>
        </Alert>
      ) : null}
      {columns.length > 0 ? <Plots layer={layer} columns={columns} terms={terms} actions={actions} /> : null}
      {summary.data ? <SummaryTable summary={summary.data} columns={columns} terms={terms} /> : null}
    </>
  );
}

interface PlotsProps {
  layer: Layer;
  columns: readonly Column[];
  terms: readonly Term[];
  actions: Actions;
}

const labelOf = ({ label, unit }: Column): string =>
  unit ? `${label} (${unit.replace("^2", "²").replace("^3", "³").replace("um", "µm")})` : label;

function Plots({ layer, columns, terms, actions }: PlotsProps) {
  const [kind, setKind] = useState<"histogram" | "scatter">("histogram");
  const [chosen, setChosen] = useState<{ x: string | null; y: string | null }>({ x: null, y: null });
  const x = columns.find(({ key }) => key === chosen.x) ?? columns[0];
  const y =
    columns.find(({ key }) => key === chosen.y) ??
    columns.find(({ key }) => !key.startsWith("area")) ??
    columns[0];
  const keys = [
    ...new Set([x?.key, kind === "scatter" ? y?.key : undefined].filter((key) => key !== undefined)),
  ];
  const { data } = useQuery(columnsQuery(layer.id, keys));
  const options = columns.map((column) => ({ value: column.key, label: labelOf(column) }));
  const select = (part: "x" | "y", column: Column | undefined) => (
    <Select
      flex={1}
      searchable
      aria-label={part === "x" ? "Measurement" : "Second measurement"}
      data={options}
      value={column?.key ?? null}
      onChange={(value) => setChosen({ ...chosen, [part]: value })}
      allowDeselect={false}
      data-testid={`plot-${part}`}
    />
  );
  const xs = data?.columns[x?.key ?? ""];
  const ys = data?.columns[y?.key ?? ""];
  const ids = data?.ids;
  const onGate = useCallback(
    (gate: Gate) => void markAll(layer.id, idsInGate(ids ?? [], xs ?? [], ys ?? [], gate)),
    [layer.id, ids, xs, ys],
  );
  const shared =
    data && x && y
      ? { data, terms, x: { key: x.key, label: labelOf(x) }, y: { key: y.key, label: labelOf(y) }, onGate }
      : null;
  return (
    <Stack gap={6}>
      <SegmentedControl
        fullWidth
        data={[
          { value: "histogram", label: "Histogram" },
          { value: "scatter", label: "Scatter" },
        ]}
        value={kind}
        onChange={(value) => setKind(value as typeof kind)}
        data-testid="plot-kind"
      />
      <Group gap={6} wrap="nowrap">
        {select("x", x)}
        {kind === "scatter" ? select("y", y) : null}
      </Group>
      {shared ? kind === "histogram" ? <HistogramPlot {...shared} /> : <ScatterPlot {...shared} /> : null}
      <Gated layer={layer}>{actions(layer, terms)}</Gated>
    </Stack>
  );
}

/** What was chosen on a plot, and what can be done with it. */
function Gated({ layer, children }: { layer: Layer; children: ReactNode }) {
  const count = useListing((s) => (s.layerId === layer.id ? s.marks.ids.size : 0));
  if (count === 0)
    return (
      <Text size="xs" c="var(--text-dim)">
        Drag over the plot to choose the objects in that range.
      </Text>
    );
  return (
    <Stack gap={4} data-testid="gated">
      <Group justify="space-between" wrap="nowrap">
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() => void markAll(layer.id, [])}
          data-testid="gate-clear"
        >
          Clear
        </Button>
        {children}
      </Group>
      {count > MOST_DRAWN ? (
        <Text size="xs" c="var(--text-dim)">
          The picture marks up to {number(MOST_DRAWN)} objects; the menu acts on all of them.
        </Text>
      ) : null}
    </Stack>
  );
}

interface SummaryProps {
  summary: MeasurementSummary;
  columns: readonly Column[];
  terms: readonly Term[];
}

function SummaryTable({ summary, columns, terms }: SummaryProps) {
  const [key, setKey] = useState<string | null>(null);
  const column = columns.find((c) => c.key === key) ?? columns[0];
  if (!column) return null;
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" fw={600}>
          By class
        </Text>
        <Select
          w={190}
          searchable
          aria-label="Measurement of the table"
          data={columns.map((c) => ({ value: c.key, label: labelOf(c) }))}
          value={column.key}
          onChange={setKey}
          allowDeselect={false}
        />
      </Group>
      <Table
        fz="xs"
        verticalSpacing={4}
        horizontalSpacing={6}
        className="numbers"
        data-testid="class-summary"
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Class</Table.Th>
            {["Count", "Mean", "SD", "Median"].map((title) => (
              <Table.Th key={title} ta="right">
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {summary.classes.map((row) => {
            const term = terms.find(({ id }) => id === row.term_id);
            return (
              <Table.Tr key={row.term_id ?? 0}>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    <Chip color={term?.color ?? UNCLASSIFIED} />
                    <span className="ellipsis">{term?.name ?? "Unclassified"}</span>
                  </Group>
                </Table.Td>
                <Table.Td ta="right">{number(row.count)}</Table.Td>
                <Table.Td ta="right">{number(row.mean[column.key])}</Table.Td>
                <Table.Td ta="right">{number(row.std[column.key])}</Table.Td>
                <Table.Td ta="right">{number(row.median[column.key])}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
