/** Plots of measurements, what is chosen on them, and their files. */
import { Group, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useMemo } from "react";
import { columnsQuery } from "../../api/measurements";
import type { Column, ColumnData, Layer, Term } from "../../api/types";
import { useListedFilter, useListing } from "../../state/listing";
import { ColorLegend } from "./ColorLegend";
import { DistributionPlot } from "./DistributionPlot";
import { FigureFiles } from "./FigureFiles";
import { Gated } from "./Gated";
import { GateNumbers } from "./GateNumbers";
import { useGating } from "./gating";
import { goToObject } from "./going";
import { colouring, groupsOf } from "./grouping";
import { HistogramPlot, ScatterPlot } from "./plots";
import { usePointed } from "./pointing";
import { GROUPINGS, groupingsFor, labelOf, type PlotKind, setPlotting, usePlotting } from "./settings";

interface Props {
  projectId: string;
  layer: Layer;
  columns: readonly Column[];
  terms: readonly Term[];
  children: ReactNode;
}

const KINDS: readonly { value: PlotKind; label: string }[] = [
  { value: "histogram", label: "Histogram" },
  { value: "scatter", label: "Scatter" },
  { value: "box", label: "Box" },
  { value: "violin", label: "Violin" },
  { value: "swarm", label: "Swarm" },
];

const NO_MARKS: ReadonlySet<number> = new Set();

/** What of the settings fits these columns. */
function useChosen(columns: readonly Column[]) {
  const plotting = usePlotting();
  const has = (key: string | null) => columns.some((one) => one.key === key);
  const x = columns.find(({ key }) => key === plotting.x) ?? columns[0];
  const y =
    columns.find(({ key }) => key === plotting.y) ??
    columns.find(({ key }) => !key.startsWith("area")) ??
    columns[0];
  const groupings = groupingsFor(plotting.scope, has("cluster"));
  const by = groupings.some(({ value }) => value === plotting.by) ? plotting.by : "class";
  const color =
    groupings.some(({ value }) => value === plotting.color) || has(plotting.color) ? plotting.color : "class";
  return { ...plotting, x, y, by, color, groupings };
}

export function Plots({ projectId, layer, columns, terms, children }: Props) {
  const { scope, kind, x, y, by, color, groupings } = useChosen(columns);
  const isSpread = kind !== "histogram" && kind !== "scatter";
  const needed = [
    x?.key,
    kind === "scatter" ? y?.key : undefined,
    kind === "scatter" && columns.some(({ key }) => key === color) ? color : undefined,
    (isSpread && by === "cluster") || (kind === "scatter" && color === "cluster") ? "cluster" : undefined,
  ];
  const keys = [...new Set(needed.filter((key) => key !== undefined))];
  const { data } = useQuery(columnsQuery(layer.id, keys, scope));
  const options = columns.map((column) => ({ value: column.key, label: labelOf(column) }));
  const isReady = data && x && y && keys.every((key) => data.columns[key]);
  return (
    <Stack gap={6}>
      <SegmentedControl
        fullWidth
        className="plot-kinds"
        data={[...KINDS]}
        value={kind}
        onChange={(value) => setPlotting({ kind: value as PlotKind })}
        aria-label="Kind of plot"
        data-testid="plot-kind"
      />
      <Group gap={6} wrap="nowrap">
        <Select
          flex={1}
          searchable
          aria-label="Measurement"
          data={options}
          value={x?.key ?? null}
          onChange={(value) => setPlotting({ x: value })}
          allowDeselect={false}
          data-testid="plot-x"
        />
        {kind === "scatter" ? (
          <Select
            flex={1}
            searchable
            aria-label="Second measurement"
            data={options}
            value={y?.key ?? null}
            onChange={(value) => setPlotting({ y: value })}
            allowDeselect={false}
            data-testid="plot-y"
          />
        ) : null}
        {isSpread ? (
          <Select
            w={130}
            aria-label="Groups of the plot"
            data={groupings}
            value={by}
            onChange={(value) => value && setPlotting({ by: value as typeof by })}
            allowDeselect={false}
            data-testid="plot-by"
          />
        ) : null}
      </Group>
      {kind === "scatter" ? (
        <Select
          size="xs"
          searchable
          aria-label="Colour of the points"
          leftSection={<span className="plot-color-mark" aria-hidden />}
          data={[
            { group: "Groups", items: groupings },
            { group: "Measurements", items: options.filter(({ value }) => value !== "cluster") },
          ]}
          value={color}
          onChange={(value) => value && setPlotting({ color: value })}
          allowDeselect={false}
          data-testid="plot-color"
        />
      ) : null}
      {isReady ? (
        <Drawn projectId={projectId} layer={layer} data={data} terms={terms} x={x} y={y} columns={columns}>
          {children}
        </Drawn>
      ) : null}
    </Stack>
  );
}

interface DrawnProps extends Props {
  data: ColumnData;
  x: Column;
  y: Column;
}

function Drawn({ projectId, layer, data, terms, x, y, columns, children }: DrawnProps) {
  const { scope, kind, by, color } = useChosen(columns);
  const [pointed, setPointed] = usePointed(data);
  const groups = useMemo(() => groupsOf(data, by, terms), [data, by, terms]);
  const { elsewhere, onClear, onGate } = useGating({ layer, data, scope, x: x.key, y: y.key, by, groups });
  // what is chosen in the picture stands out in the plots
  useListedFilter(layer.id);
  const marked = useListing((s) => (s.layerId === layer.id ? s.marks.ids : NO_MARKS));
  const xAxis = useMemo(() => ({ key: x.key, label: labelOf(x) }), [x]);
  const yAxis = useMemo(() => ({ key: y.key, label: labelOf(y) }), [y]);
  const colorLabel = useMemo(() => {
    const grouping = GROUPINGS.find(({ value }) => value === color);
    const column = columns.find(({ key }) => key === color);
    return grouping?.label ?? (column ? labelOf(column) : color);
  }, [color, columns]);
  const colored = useMemo(() => colouring(data, color, terms, colorLabel), [data, color, terms, colorLabel]);
  const onPick = useCallback(
    (at: number) => {
      const place = data.images[data.image_index[at] ?? 0];
      const id = data.ids[at];
      if (place && id !== undefined) goToObject(projectId, place, id);
    },
    [data, projectId],
  );
  const spread = { data, x: xAxis, groups, marked, onGate, onPick, onPoint: setPointed };
  return (
    <>
      {kind === "histogram" ? (
        <HistogramPlot data={data} x={xAxis} marked={marked} onGate={onGate} />
      ) : kind === "scatter" ? (
        <>
          <ScatterPlot
            data={data}
            x={xAxis}
            y={yAxis}
            colors={colored.colors}
            marked={marked}
            onGate={onGate}
            onPick={onPick}
            onPoint={setPointed}
          />
          <ColorLegend value={colored.key} />
        </>
      ) : (
        <DistributionPlot kind={kind} {...spread} />
      )}
      {kind === "histogram" ? null : <Pointed data={data} terms={terms} at={pointed} />}
      <Group gap={6} justify="space-between" wrap="nowrap">
        <GateNumbers
          key={`${kind} ${x.key} ${y.key}`}
          hasY={kind === "scatter"}
          x={xAxis.label}
          y={yAxis.label}
          onGate={onGate}
        />
        <FigureFiles
          kind={kind}
          data={data}
          x={xAxis}
          y={yAxis}
          groups={groups}
          colored={colored}
          terms={terms}
          title={layer.name}
        />
      </Group>
      <Gated layer={layer} terms={terms} elsewhere={elsewhere} onClear={onClear}>
        {children}
      </Gated>
    </>
  );
}

/** Which object the pointer is over. */
function Pointed({ data, terms, at }: { data: ColumnData; terms: readonly Term[]; at: number | null }) {
  const words =
    at === null
      ? "Click a point to go to its object."
      : [
          `Object ${data.ids[at]}`,
          terms.find(({ id }) => id === data.term_ids[at])?.name,
          data.images.length > 1 ? data.images[data.image_index[at] ?? 0]?.name : undefined,
        ]
          .filter(Boolean)
          .join(" · ");
  return (
    <Text size="xs" c="var(--text-dim)" className="ellipsis" data-testid="plot-pointed">
      {words}
    </Text>
  );
}
