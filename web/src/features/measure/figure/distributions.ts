/** One measurement in groups side by side: boxes, violins, or every object as a point. */
import {
  type Box,
  figure,
  type Look,
  linear,
  plotBox,
  rangeOf,
  type Scale,
  shortened,
  text,
  verticalAxis,
} from "./frame";
import { boxNumbers, density, swarm, thinned } from "./numbers";
import { el, type Mark } from "./svg";

export type DistributionKind = "box" | "violin" | "swarm";

/** A group: its values, and the number of each one's object. */
export interface Group {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
  readonly ids: readonly number[];
}

export interface Distribution {
  readonly mark: Mark;
  readonly box: Box;
  readonly scale: Scale;
  /** The number of the group at a place. */
  groupAt(x: number): number;
}

/** So many points of a group are drawn one by one. */
export const MOST_POINTS = 600;
const RADIUS = 2.4;

export function distribution(
  kind: DistributionKind,
  groups: readonly Group[],
  label: string,
  look: Look,
  marked: ReadonlySet<number> = new Set(),
): Distribution {
  const isTilted = groups.length > 4 || groups.some(({ name }) => name.length > 12);
  const box = plotBox(look, look.fontPx * (isTilted ? 6.4 : 3.2));
  const range = rangeOf(groups.flatMap(({ values }) => values));
  const scale = linear(range, [box.y1, box.y0]);
  const step = (box.x1 - box.x0) / Math.max(1, groups.length);
  const centre = (at: number) => box.x0 + step * (at + 0.5);
  const drawn = groups.map((group, at) =>
    el(
      "g",
      { "data-group": at },
      ...marksOf(kind, group, { x: centre(at), half: Math.min(60, step * 0.4), scale }, look, marked),
    ),
  );
  const names = groups.map(({ name, values }, at) =>
    nameOf(look, centre(at), box.y1, name, values.length, isTilted),
  );
  return {
    mark: figure(
      look,
      `${label} by group, as ${kind} plots`,
      verticalAxis(look, box, scale, label),
      ...drawn,
      ...names,
    ),
    box,
    scale,
    groupAt: (x) => Math.min(groups.length - 1, Math.max(0, Math.floor((x - box.x0) / step))),
  };
}

function nameOf(look: Look, x: number, y: number, name: string, count: number, isTilted: boolean): Mark {
  if (isTilted)
    return text(look, 0, 0, `${shortened(name, 15)} (${count.toLocaleString("en-US")})`, {
      transform: `translate(${Math.round(x + 4)} ${Math.round(y + look.fontPx)}) rotate(-32)`,
      textAnchor: "end",
    });
  return el(
    "g",
    {},
    text(look, x, y + look.fontPx * 1.3, shortened(name), { textAnchor: "middle" }),
    text(look, x, y + look.fontPx * 2.6, `n = ${count.toLocaleString("en-US")}`, {
      textAnchor: "middle",
      fontSize: look.fontPx * 0.9,
    }),
  );
}

interface Place {
  readonly x: number;
  readonly half: number;
  readonly scale: Scale;
}

function marksOf(
  kind: DistributionKind,
  group: Group,
  place: Place,
  look: Look,
  marked: ReadonlySet<number>,
): Mark[] {
  if (group.values.length === 0) return [];
  const points = markedPoints(group, place, look, marked);
  switch (kind) {
    case "box":
      return [...boxMarks(group, place, look, group.color), ...points];
    case "violin":
      return [
        violinMark(group, place),
        ...boxMarks(group, { ...place, half: 5 }, look, look.ground),
        ...points,
      ];
    case "swarm":
      return swarmMarks(group, place, look, marked);
  }
}

function point(x: number, y: number, id: number, color: string, isMarked: boolean, look: Look): Mark {
  return el("circle", {
    cx: x,
    cy: y,
    r: isMarked ? RADIUS * 1.7 : RADIUS,
    fill: color,
    "data-id": id,
    ...(isMarked ? { stroke: look.text, strokeWidth: 1.5 } : { fillOpacity: 0.75 }),
  });
}

/** Marked objects stand out in boxes and violins too. */
function markedPoints(group: Group, { x, scale }: Place, look: Look, marked: ReadonlySet<number>): Mark[] {
  if (marked.size === 0) return [];
  const own = group.ids.flatMap((id, at) => (marked.has(id) ? [at] : []));
  return thinned(own, MOST_POINTS).map((at) =>
    point(x, scale(group.values[at] ?? 0), group.ids[at] ?? 0, group.color, true, look),
  );
}

function boxMarks(group: Group, { x, half, scale }: Place, look: Look, fill: string): Mark[] {
  const found = boxNumbers(group.values);
  if (!found) return [];
  const isThin = half <= 5;
  const line = { stroke: look.text, strokeWidth: 1.3 };
  const [least, most] = [scale(found.whiskers[0]), scale(found.whiskers[1])];
  const cap = half * 0.5;
  const outside = isThin ? [] : thinned(found.outside, MOST_POINTS);
  return [
    el("line", { x1: x, x2: x, y1: least, y2: scale(found.low), ...line }),
    el("line", { x1: x, x2: x, y1: scale(found.high), y2: most, ...line }),
    ...(isThin
      ? []
      : [
          el("line", { x1: x - cap, x2: x + cap, y1: least, y2: least, ...line }),
          el("line", { x1: x - cap, x2: x + cap, y1: most, y2: most, ...line }),
        ]),
    el("rect", {
      x: x - half,
      width: half * 2,
      y: scale(found.high),
      height: Math.max(0.5, scale(found.low) - scale(found.high)),
      fill: fill === "none" ? group.color : fill,
      fillOpacity: isThin ? 0.9 : 0.55,
      ...line,
    }),
    el("line", {
      x1: x - half,
      x2: x + half,
      y1: scale(found.median),
      y2: scale(found.median),
      stroke: look.text,
      strokeWidth: 2.4,
    }),
    ...outside.map((at) =>
      point(x, scale(group.values[at] ?? 0), group.ids[at] ?? 0, group.color, false, look),
    ),
  ];
}

function violinMark(group: Group, { x, half, scale }: Place): Mark {
  const curve = density(group.values, 60);
  const widest = Math.max(...curve.map(({ height }) => height));
  const side = (sign: number) =>
    curve.map(
      ({ at, height }) => `${(x + (sign * half * height) / widest).toFixed(1)},${scale(at).toFixed(1)}`,
    );
  return el("polygon", {
    points: [...side(1), ...side(-1).reverse()].join(" "),
    fill: group.color,
    fillOpacity: 0.55,
    stroke: group.color,
  });
}

function swarmMarks(
  group: Group,
  { x, half, scale }: Place,
  look: Look,
  marked: ReadonlySet<number>,
): Mark[] {
  const all = group.values.map((_, at) => at);
  const chosen = thinned(all, MOST_POINTS);
  const extra = chosen.length < all.length ? all.filter((at) => marked.has(group.ids[at] ?? 0)) : [];
  const shown = [...new Set([...chosen, ...thinned(extra, MOST_POINTS)])];
  const places = shown.map((at) => scale(group.values[at] ?? 0));
  const offsets = swarm(places, RADIUS, half);
  const found = boxNumbers(group.values);
  const median = found
    ? [
        el("line", {
          x1: x - half,
          x2: x + half,
          y1: scale(found.median),
          y2: scale(found.median),
          stroke: look.text,
          strokeWidth: 1.6,
        }),
      ]
    : [];
  return [
    ...shown.map((at, i) => {
      const id = group.ids[at] ?? 0;
      return point(x + (offsets[i] ?? 0), places[i] ?? 0, id, group.color, marked.has(id), look);
    }),
    ...median,
  ];
}
