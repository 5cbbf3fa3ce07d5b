/** The histogram of one measurement and the scatter of two, for paper. */
import type { Bins } from "../bins";
import { viridis } from "./colours";
import {
  figure,
  horizontalAxis,
  type LegendEntry,
  type Look,
  legend,
  linear,
  plotBox,
  rangeOf,
  text,
  tickText,
  verticalAxis,
} from "./frame";
import { el, type Mark, rounded } from "./svg";

export function histogram(bins: Bins, label: string, look: Look): Mark {
  const box = plotBox(look, look.fontPx * 3.6);
  const x = linear([bins.from, bins.from + bins.step * bins.counts.length], [box.x0, box.x1]);
  const y = linear([0, Math.max(1, ...bins.counts) * 1.06], [box.y1, box.y0]);
  const bars = bins.counts.map((count, at) => {
    const left = x(bins.from + at * bins.step);
    return el("rect", {
      x: left + 0.5,
      width: Math.max(0.5, x(bins.from + (at + 1) * bins.step) - left - 1),
      y: y(count),
      height: box.y1 - y(count),
      fill: "#16a294",
      fillOpacity: 0.8,
    });
  });
  return figure(
    look,
    `Histogram of ${label}`,
    verticalAxis(look, box, y, "Objects"),
    horizontalAxis(look, box, x, label),
    ...bars,
  );
}

export interface ColorKey {
  readonly title: string;
  readonly entries: readonly LegendEntry[];
  /** Least and most, where the colour is a measurement. */
  readonly range?: readonly [number, number];
}

export interface Points {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly colors: readonly string[];
}

export function scatter({ xs, ys, colors }: Points, x: string, y: string, key: ColorKey, look: Look): Mark {
  const right = look.fontPx * 11;
  const box = plotBox(look, look.fontPx * 3.6, right);
  const across = linear(rangeOf(xs), [box.x0, box.x1]);
  const up = linear(rangeOf(ys), [box.y1, box.y0]);
  const radius = xs.length > 5000 ? 1.4 : 2.6;
  const byColor = new Map<string, string[]>();
  xs.forEach((value, at) => {
    const color = colors[at] ?? "#7f92a8";
    const path = byColor.get(color) ?? [];
    if (path.length === 0) byColor.set(color, path);
    path.push(`M${rounded(across(value))} ${rounded(up(ys[at] ?? 0))}h0`);
  });
  const clouds = [...byColor].map(([color, path]) =>
    el("path", {
      d: path.join(""),
      stroke: color,
      strokeWidth: radius * 2,
      strokeLinecap: "round",
      strokeOpacity: xs.length > 2000 ? 0.5 : 0.85,
      fill: "none",
    }),
  );
  const beside = look.width - right + look.fontPx * 0.6;
  return figure(
    look,
    `${y} against ${x}, coloured by ${key.title}`,
    verticalAxis(look, box, up, y),
    horizontalAxis(look, box, across, x),
    el("rect", {
      x: box.x0,
      y: box.y0,
      width: box.x1 - box.x0,
      height: box.y1 - box.y0,
      fill: "none",
      stroke: look.line,
    }),
    ...clouds,
    key.range
      ? colorBar(look, beside, box.y0 + look.fontPx, key.title, key.range)
      : legend(look, beside, box.y0 + look.fontPx, key.title, key.entries),
  );
}

const STEPS = 24;

function colorBar(
  look: Look,
  x: number,
  y: number,
  title: string,
  [least, most]: readonly [number, number],
): Mark {
  const [width, height] = [look.fontPx, look.fontPx * 9];
  const parts = Array.from({ length: STEPS }, (_, i) =>
    el("rect", {
      x,
      y: y + look.fontPx + (height * (STEPS - 1 - i)) / STEPS,
      width,
      height: height / STEPS + 0.6,
      fill: viridis(i / (STEPS - 1)),
    }),
  );
  const words = title.match(/.{1,20}(\s|$)/g) ?? [title];
  return el(
    "g",
    {},
    ...words.slice(0, 2).map((line, at) =>
      text(look, x, y + (at - words.slice(0, 2).length + 1) * look.fontPx * 1.1, line.trim(), {
        fontWeight: 600,
        fontSize: look.fontPx * 0.85,
      }),
    ),
    ...parts,
    text(look, x + width + 6, y + look.fontPx * 1.6, tickText(most)),
    text(look, x + width + 6, y + look.fontPx + height, tickText(least)),
  );
}
