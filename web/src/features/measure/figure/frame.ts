/** What all figures share: size, axes, title and legend. */
import { ticks } from "./numbers";
import { el, type Mark } from "./svg";

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly text: string;
  readonly line: string;
  readonly ground: string;
  readonly fontPx: number;
  /** Above the figure, on paper. */
  readonly title?: string;
}

/** For paper: black on white, 6 by 4 inches. */
export const PRINT: Look = {
  width: 720,
  height: 480,
  text: "#1b2430",
  line: "#c8d0d8",
  ground: "#ffffff",
  fontPx: 14,
};

export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

/** The name of a group is shortened to so many letters. */
const MOST_LETTERS = 22;

export const shortened = (text: string, most = MOST_LETTERS): string =>
  text.length <= most ? text : `${text.slice(0, most - 5)}…${text.slice(-4)}`;

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });

export const tickText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : compact.format(value);

export function plotBox(look: Look, below: number, right = 0): Box {
  const top = look.title ? look.fontPx * 2.6 : look.fontPx * 0.8;
  return {
    x0: look.fontPx * 4.4,
    y0: top,
    x1: look.width - look.fontPx * 0.8 - right,
    y1: look.height - below,
  };
}

/** From a number to a place, and back. */
export interface Scale {
  (value: number): number;
  inverse(place: number): number;
}

export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const span = from[1] - from[0] || 1;
  const scale = (value: number) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
  return Object.assign(scale, {
    inverse: (place: number) => from[0] + ((place - to[0]) / (to[1] - to[0] || 1)) * span,
  });
}

/** Least and most of known numbers with a little room; 0 to 1 where there are none. */
export function rangeOf(values: Iterable<number>, room = 0.04): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) return [0, 1];
  const pad = (most - least) * room || Math.abs(least) * 0.05 || 0.5;
  return [least - pad, most + pad];
}

export function text(look: Look, x: number, y: number, words: string, more: Mark["attrs"] = {}): Mark {
  return el("text", { x, y, fill: look.text, fontSize: look.fontPx, ...more }, words);
}

/** Numbers and lines of the vertical axis, with its name. */
export function verticalAxis(look: Look, box: Box, scale: Scale, name: string): Mark {
  const marks = ticks(scale.inverse(box.y1), scale.inverse(box.y0)).flatMap((value) => [
    el("line", { x1: box.x0, x2: box.x1, y1: scale(value), y2: scale(value), stroke: look.line }),
    text(look, box.x0 - 6, scale(value) + look.fontPx * 0.35, tickText(value), { textAnchor: "end" }),
  ]);
  const middle = (box.y0 + box.y1) / 2;
  const named = text(look, 0, 0, name, {
    transform: `translate(${Math.round(look.fontPx)} ${Math.round(middle)}) rotate(-90)`,
    textAnchor: "middle",
  });
  return el("g", {}, ...marks, named);
}

/** The same below. */
export function horizontalAxis(look: Look, box: Box, scale: Scale, name: string): Mark {
  const marks = ticks(scale.inverse(box.x0), scale.inverse(box.x1)).flatMap((value) => [
    el("line", { x1: scale(value), x2: scale(value), y1: box.y0, y2: box.y1, stroke: look.line }),
    text(look, scale(value), box.y1 + look.fontPx * 1.3, tickText(value), { textAnchor: "middle" }),
  ]);
  const named = text(look, (box.x0 + box.x1) / 2, box.y1 + look.fontPx * 2.8, name, { textAnchor: "middle" });
  return el("g", {}, ...marks, named);
}

/** A line of coloured names, under each other at the right. */
export function legend(
  look: Look,
  x: number,
  y: number,
  title: string,
  entries: readonly LegendEntry[],
): Mark {
  const step = look.fontPx * 1.5;
  return el(
    "g",
    {},
    text(look, x, y, title, { fontWeight: 600 }),
    ...entries.flatMap(({ name, color }, at) => [
      el("circle", { cx: x + 5, cy: y + step * (at + 1) - look.fontPx * 0.35, r: 5, fill: color }),
      text(look, x + 16, y + step * (at + 1), shortened(name, 20)),
    ]),
  );
}

/** The whole drawing. */
export function figure(look: Look, label: string, ...marks: readonly Mark[]): Mark {
  const title = look.title
    ? [text(look, look.width / 2, look.fontPx * 1.5, look.title, { textAnchor: "middle", fontWeight: 600 })]
    : [];
  return el(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${look.width} ${look.height}`,
      width: look.width,
      height: look.height,
      fontFamily: "Inter, Helvetica, Arial, sans-serif",
      role: "img",
      "aria-label": label,
    },
    ...(look.ground === "none"
      ? []
      : [el("rect", { width: look.width, height: look.height, fill: look.ground })]),
    ...title,
    ...marks,
  );
}
