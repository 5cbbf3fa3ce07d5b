/** The histogram of one measurement and the scatter of two. */
import { Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import uPlot from "uplot";
import type { ColumnData } from "../../api/types";
import { number, plural } from "../../ui/format";
import { type Bins, binned, type Gate, nearestPoint } from "./bins";
import { NO_CLASS } from "./figure/colours";
import { rangeOf } from "./figure/frame";
import { axis, Plot } from "./Plot";

interface PlotProps {
  data: ColumnData;
  x: { key: string; label: string };
  /** Objects that stand out. */
  marked: ReadonlySet<number>;
  onGate(gate: Gate): void;
}

interface ScatterProps extends PlotProps {
  y: { key: string; label: string };
  /** One for each object of `data`. */
  colors: readonly string[];
  /** An object was clicked, told by its place in `data`. */
  onPick(at: number): void;
  /** The pointer is over an object, or over none. */
  onPoint(at: number | null): void;
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

const MARKED = "#e69f00";

/** How many of the marked objects are in each bar. */
function countsOf(marked: ReadonlySet<number>, data: ColumnData, key: string, bins: Bins): number[] {
  const counts = new Array<number>(bins.counts.length).fill(0);
  data.ids.forEach((id, at) => {
    const value = data.columns[key]?.[at];
    if (!marked.has(id) || typeof value !== "number" || !Number.isFinite(value)) return;
    const bin = Math.min(counts.length - 1, Math.floor((value - bins.from) / bins.step));
    counts[bin] = (counts[bin] ?? 0) + 1;
  });
  return counts;
}

export function HistogramPlot({ data, x, marked, onGate }: PlotProps) {
  const bins = useMemo(() => binned(data.columns[x.key] ?? []), [data, x.key]);
  const inBars = useMemo(
    () => (bins && marked.size > 0 ? countsOf(marked, data, x.key, bins) : null),
    [bins, marked, data, x.key],
  );
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
          ...(inBars
            ? [
                {
                  stroke: MARKED,
                  fill: MARKED,
                  width: 1,
                  points: { show: false },
                  ...(bars ? { paths: bars({ size: [0.96, 100] }) } : {}),
                },
              ]
            : []),
        ],
      };
      // no line where none is marked
      const heights = inBars ? [[...counts], inBars.map((count) => count || null)] : [[...counts]];
      return { options, data: [centres, ...heights] as uPlot.AlignedData };
    },
    [bins, inBars, x.label, onGate],
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
  /** Places in the data. */
  readonly at: number[];
  readonly xs: number[];
  readonly ys: number[];
  readonly colors: string[];
  readonly isMarked: boolean[];
}

function cloudOf({ data, x, y, colors, marked }: Omit<ScatterProps, "onGate" | "onPick" | "onPoint">): Cloud {
  const cloud: Cloud = { at: [], xs: [], ys: [], colors: [], isMarked: [] };
  const [xs, ys] = [data.columns[x.key] ?? [], data.columns[y.key] ?? []];
  const order = data.ids.map((_, i) => i).filter((i) => isKnown(xs[i]) && isKnown(ys[i]));
  order.sort((a, b) => (xs[a] ?? 0) - (xs[b] ?? 0));
  for (const i of order) {
    cloud.at.push(i);
    cloud.xs.push(xs[i] ?? 0);
    cloud.ys.push(ys[i] ?? 0);
    cloud.colors.push(colors[i] ?? NO_CLASS);
    cloud.isMarked.push(marked.has(data.ids[i] ?? 0));
  }
  return cloud;
}

const isKnown = (value: number | null | undefined): boolean =>
  typeof value === "number" && Number.isFinite(value);

function drawCloud(plot: uPlot, cloud: Cloud, ring: string): void {
  const { ctx } = plot;
  const radius = (cloud.at.length > 5000 ? 1.4 : 2.6) * uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  const circle = (i: number, size: number) => {
    const [left, top] = [
      plot.valToPos(cloud.xs[i] ?? 0, "x", true),
      plot.valToPos(cloud.ys[i] ?? 0, "y", true),
    ];
    ctx.fillStyle = cloud.colors[i] ?? NO_CLASS;
    ctx.beginPath();
    ctx.arc(left, top, size, 0, 2 * Math.PI);
    ctx.fill();
  };
  ctx.globalAlpha = cloud.at.length > 2000 ? 0.5 : 0.85;
  cloud.at.forEach((_, i) => {
    if (!cloud.isMarked[i]) circle(i, radius);
  });
  // what is marked lies above all else
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ring;
  ctx.lineWidth = 1.5 * uPlot.pxRatio;
  cloud.at.forEach((_, i) => {
    if (!cloud.isMarked[i]) return;
    circle(i, radius * 1.5);
    ctx.stroke();
  });
  ctx.restore();
}

const REACH_PX = 10;

/** A little room, so that no point is cut by the frame. */
function padded(_plot: uPlot, least: number | null, most: number | null): [number, number] {
  return rangeOf([least ?? 0, most ?? 1]);
}

/** The object under the pointer lights up; a click goes to it. */
function listenTo(
  plot: uPlot,
  cloud: Cloud,
  { onPick, onPoint }: Pick<ScatterProps, "onPick" | "onPoint">,
): void {
  const found = (event: MouseEvent): number | null => {
    const box = plot.over.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    const xs = cloud.xs.map((x) => plot.valToPos(x, "x"));
    const ys = cloud.ys.map((y) => plot.valToPos(y, "y"));
    const i = nearestPoint(xs, ys, at, REACH_PX);
    return i === null ? null : (cloud.at[i] ?? null);
  };
  plot.over.addEventListener("mousemove", (event) => {
    const at = found(event);
    plot.over.style.cursor = at === null ? "default" : "pointer";
    onPoint(at);
  });
  plot.over.addEventListener("mouseleave", () => onPoint(null));
  plot.over.addEventListener("click", (event) => {
    const at = found(event);
    if (at !== null) onPick(at);
  });
}

export function ScatterPlot({ data, x, y, colors, marked, onGate, onPick, onPoint }: ScatterProps) {
  const cloud = useMemo(() => cloudOf({ data, x, y, colors, marked }), [data, x, y, colors, marked]);
  const make = useCallback(
    (width: number, theme: { text: string; grid: string }) => {
      const options: uPlot.Options = {
        width,
        height: HEIGHT + 40,
        legend: { show: false },
        cursor: { drag: { x: true, y: true, setScale: false }, points: { show: false } },
        scales: { x: { time: false, range: padded }, y: { range: padded } },
        axes: [axis(theme, x.label, 30), axis(theme, y.label, 48)],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          draw: [(plot) => drawCloud(plot, cloud, theme.text)],
          ready: [(plot) => listenTo(plot, cloud, { onPick, onPoint })],
          setSelect: [(plot) => tellGate(plot, true, onGate)],
        },
      };
      return { options, data: [cloud.xs, cloud.ys] as uPlot.AlignedData };
    },
    [cloud, x.label, y.label, onGate, onPick, onPoint],
  );
  return (
    <div>
      <Plot height={HEIGHT + 40} make={make} label={`${y.label} against ${x.label}`} testId="plot-scatter" />
      <Sampled data={data} />
    </div>
  );
}

export function Sampled({ data }: { data: ColumnData }) {
  if (data.ids.length >= data.total) return null;
  return (
    <Text size="xs" c="var(--text-dim)">
      {number(data.ids.length)} of {plural(data.total, "object")}, drawn at random.
    </Text>
  );
}
