/** The histogram of one measurement and the scatter of two. */
import { Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import uPlot from "uplot";
import type { ColumnData, Term } from "../../api/types";
import { workspace } from "../../state/workspace";
import { number, plural } from "../../ui/format";
import { binned, type Gate, nearestPoint } from "./bins";
import { axis, Plot } from "./Plot";

/** Reads on the white of the light theme too, unlike the colour on the picture. */
const NO_CLASS = "#7f92a8";

interface PlotProps {
  data: ColumnData;
  terms: readonly Term[];
  x: { key: string; label: string };
  y: { key: string; label: string };
  onGate(gate: Gate): void;
}

const HEIGHT = 210;
const BAR = "#16a294";

/** What was drawn with the mouse, in the plot's own numbers. */
function tellGate(plot: uPlot, hasY: boolean, onGate: (gate: Gate) => void): void {
  const { left, top, width, height } = plot.select;
  if (width < 2) return;
  const x = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")] as const;
  const y = [plot.posToVal(top + height, "y"), plot.posToVal(top, "y")] as const;
  onGate(hasY ? { x, y } : { x });
}

export function HistogramPlot({ data, x, onGate }: PlotProps) {
  const bins = useMemo(() => binned(data.columns[x.key] ?? []), [data, x.key]);
  const make = useCallback(
    (width: number, colors: { text: string; grid: string }) => {
      const counts = bins?.counts ?? [];
      const centres = counts.map((_, i) => (bins?.from ?? 0) + (i + 0.5) * (bins?.step ?? 1));
      const half = (bins?.step ?? 1) / 2;
      const bars = uPlot.paths.bars;
      const options: uPlot.Options = {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false } },
        hooks: { setSelect: [(plot) => tellGate(plot, false, onGate)] },
        scales: {
          x: { time: false, range: [(centres[0] ?? 0) - half, (centres.at(-1) ?? 1) + half] },
          y: { range: (_u, _least, most) => [0, Math.max(1, most) * 1.06] },
        },
        axes: [axis(colors, x.label, 30), axis(colors, "objects")],
        series: [
          {},
          {
            stroke: BAR,
            fill: `${BAR}99`,
            width: 1,
            points: { show: false },
            ...(bars ? { paths: bars({ size: [0.96, 100] }) } : {}),
          },
        ],
      };
      return { options, data: [centres, [...counts]] as uPlot.AlignedData };
    },
    [bins, x.label, onGate],
  );
  if (!bins) return <Text size="xs">This measurement has no values.</Text>;
  return (
    <div>
      <Plot height={HEIGHT} make={make} label={`Histogram of ${x.label}`} testId="plot-histogram" />
      <Sampled data={data} />
    </div>
  );
}

interface Cloud {
  readonly ids: number[];
  readonly xs: number[];
  readonly ys: number[];
  readonly colors: string[];
}

function cloudOf(data: ColumnData, terms: readonly Term[], xKey: string, yKey: string): Cloud {
  const colorOf = new Map(terms.map(({ id, color }) => [id, color]));
  const cloud: Cloud = { ids: [], xs: [], ys: [], colors: [] };
  const order = data.ids
    .map((_, i) => i)
    .filter((i) => isKnown(data.columns[xKey]?.[i]) && isKnown(data.columns[yKey]?.[i]));
  order.sort((a, b) => (data.columns[xKey]?.[a] ?? 0) - (data.columns[xKey]?.[b] ?? 0));
  for (const i of order) {
    cloud.ids.push(data.ids[i] ?? 0);
    cloud.xs.push(data.columns[xKey]?.[i] ?? 0);
    cloud.ys.push(data.columns[yKey]?.[i] ?? 0);
    cloud.colors.push(colorOf.get(data.term_ids[i] ?? 0) ?? NO_CLASS);
  }
  return cloud;
}

const isKnown = (value: number | null | undefined): boolean =>
  typeof value === "number" && Number.isFinite(value);

function drawCloud(plot: uPlot, cloud: Cloud): void {
  const { ctx } = plot;
  const radius = (cloud.ids.length > 5000 ? 1.4 : 2.6) * uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  ctx.globalAlpha = cloud.ids.length > 2000 ? 0.5 : 0.85;
  cloud.ids.forEach((_, i) => {
    ctx.fillStyle = cloud.colors[i] ?? NO_CLASS;
    ctx.beginPath();
    ctx.arc(
      plot.valToPos(cloud.xs[i] ?? 0, "x", true),
      plot.valToPos(cloud.ys[i] ?? 0, "y", true),
      radius,
      0,
      2 * Math.PI,
    );
    ctx.fill();
  });
  ctx.restore();
}

const REACH_PX = 10;

/** The object under the pointer lights up; a click goes to it. */
function listenTo(plot: uPlot, cloud: Cloud): void {
  const found = (event: MouseEvent): number | null => {
    const box = plot.over.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    const xs = cloud.xs.map((x) => plot.valToPos(x, "x"));
    const ys = cloud.ys.map((y) => plot.valToPos(y, "y"));
    const i = nearestPoint(xs, ys, at, REACH_PX);
    return i === null ? null : (cloud.ids[i] ?? null);
  };
  plot.over.addEventListener("mousemove", (event) => {
    plot.over.style.cursor = found(event) === null ? "default" : "pointer";
  });
  plot.over.addEventListener("click", (event) => {
    const id = found(event);
    if (id !== null) void workspace().editor?.selectId(id, "replace", true);
  });
}

export function ScatterPlot({ data, terms, x, y, onGate }: PlotProps) {
  const cloud = useMemo(() => cloudOf(data, terms, x.key, y.key), [data, terms, x.key, y.key]);
  const make = useCallback(
    (width: number, colors: { text: string; grid: string }) => {
      const options: uPlot.Options = {
        width,
        height: HEIGHT + 40,
        legend: { show: false },
        cursor: { drag: { x: true, y: true, setScale: false }, points: { show: false } },
        scales: { x: { time: false } },
        axes: [axis(colors, x.label, 30), axis(colors, y.label, 48)],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          draw: [(plot) => drawCloud(plot, cloud)],
          ready: [(plot) => listenTo(plot, cloud)],
          setSelect: [(plot) => tellGate(plot, true, onGate)],
        },
      };
      return { options, data: [cloud.xs, cloud.ys] as uPlot.AlignedData };
    },
    [cloud, x.label, y.label, onGate],
  );
  return (
    <div>
      <Plot height={HEIGHT + 40} make={make} label={`${y.label} against ${x.label}`} testId="plot-scatter" />
      <Sampled data={data} />
    </div>
  );
}

function Sampled({ data }: { data: ColumnData }) {
  if (data.ids.length >= data.total) return null;
  return (
    <Text size="xs" c="var(--text-dim)">
      {number(data.ids.length)} of {plural(data.total, "object")}, drawn at random.
    </Text>
  );
}
