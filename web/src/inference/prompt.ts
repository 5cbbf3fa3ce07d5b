/** What the user showed of an object, and which of the found objects is meant. */
import { boundsOf } from "../geometry/shapes";
import type { Box, Point, Polygon } from "../geometry/types";
import { type Labels, maskOf } from "../pixels/components";
import { polygonsMask } from "../pixels/outlines";
import type { Mask } from "../pixels/raster";

/** In image pixels. */
export interface Prompt {
  /** A careless line over the object, or one around it. */
  readonly line: readonly Point[];
  readonly box: Box | null;
  readonly positives: readonly Point[];
  readonly negatives: readonly Point[];
}

export const NOTHING: Prompt = { line: [], box: null, positives: [], negatives: [] };

export const isEmpty = ({ line, box, positives }: Prompt): boolean =>
  line.length === 0 && box === null && positives.length === 0;

/** All that was shown as belonging to the object. */
export function extentOf({ line, box, positives }: Prompt): Box {
  const corners: Point[] = box
    ? [
        [box[0], box[1]],
        [box[2], box[3]],
      ]
    : [];
  return boundsOf([...line, ...corners, ...positives]);
}

/** The diameter that the prompt speaks of, image pixels; null where it is a click. */
export function sizeOf(prompt: Prompt): number | null {
  if (prompt.box) {
    const [x0, y0, x1, y1] = prompt.box;
    return Math.sqrt(Math.max(1, (x1 - x0) * (y1 - y0)));
  }
  if (prompt.line.length < 2) return null;
  const [x0, y0, x1, y1] = boundsOf([...prompt.line]);
  const [width, height] = [x1 - x0, y1 - y0];
  if (Math.max(width, height) < 3) return null;
  return isClosed(prompt.line) ? Math.sqrt(Math.max(1, width * height)) : Math.hypot(width, height);
}

const lengthOf = (line: readonly Point[]): number =>
  line.reduce((sum, [x, y], i) => {
    const [ax, ay] = line[i - 1] ?? [x, y];
    return sum + Math.hypot(x - ax, y - ay);
  }, 0);

/** A line that comes back to where it began goes around its object. */
export function isClosed(line: readonly Point[]): boolean {
  const [first, last] = [line[0], line.at(-1)];
  if (!first || !last || line.length < 6) return false;
  return Math.hypot(first[0] - last[0], first[1] - last[1]) < 0.2 * lengthOf(line);
}

/** The prompt in pixels of a map: which are below the line, which the outline encloses, which were clicked. */
export interface Marks {
  readonly below: readonly number[];
  readonly enclosed: Mask | null;
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

export interface Place {
  readonly width: number;
  readonly height: number;
  /** From image pixels to pixels of the map. */
  toMap(point: Point): Point;
}

function pixelsOf(points: readonly Point[], place: Place): number[] {
  const found = points.flatMap((point) => {
    const [x, y] = place.toMap(point).map(Math.floor);
    if (x === undefined || y === undefined) return [];
    return x >= 0 && y >= 0 && x < place.width && y < place.height ? [y * place.width + x] : [];
  });
  return [...new Set(found)];
}

/** Points at most a pixel of the map apart. */
function dense(line: readonly Point[], place: Place): Point[] {
  return line.flatMap((point, i): Point[] => {
    const before = line[i - 1];
    if (!before) return [point];
    const [a, b] = [place.toMap(before), place.toMap(point)];
    const count = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1])));
    return Array.from({ length: count }, (_, k): Point => {
      const part = (k + 1) / count;
      return [before[0] + (point[0] - before[0]) * part, before[1] + (point[1] - before[1]) * part];
    });
  });
}

export function marksOf(prompt: Prompt, place: Place): Marks {
  const around: Point[] = prompt.box
    ? [
        [prompt.box[0], prompt.box[1]],
        [prompt.box[2], prompt.box[1]],
        [prompt.box[2], prompt.box[3]],
        [prompt.box[0], prompt.box[3]],
      ]
    : isClosed(prompt.line)
      ? [...prompt.line]
      : [];
  const outline: Polygon = [around.map((point) => place.toMap(point))];
  return {
    below: around.length > 0 ? [] : pixelsOf(dense(prompt.line, place), place),
    enclosed: around.length > 0 ? polygonsMask([outline], place.width, place.height) : null,
    positives: pixelsOf(prompt.positives, place),
    negatives: pixelsOf(prompt.negatives, place),
  };
}

function countsBelow(labels: Labels, pixels: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const i of pixels) {
    const label = labels.data[i] ?? 0;
    if (label > 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

/** A second object counts as meant too from this share of the pixels below the line that the first has. */
const ALSO_MEANT = 0.6;
/** Less in common than this with what was encircled is a neighbour. */
const LEAST_OVERLAP = 0.15;

function underLine(labels: Labels, below: readonly number[]): number[] {
  const counts = [...countsBelow(labels, below)].toSorted((a, b) => b[1] - a[1]);
  const most = counts[0]?.[1] ?? 0;
  return counts.filter(([, count]) => count >= ALSO_MEANT * most).map(([label]) => label);
}

function enclosedBy(labels: Labels, enclosed: Mask): number[] {
  const inside: number[] = [];
  for (let i = 0; i < enclosed.data.length; i += 1) if (enclosed.data[i] === 1) inside.push(i);
  const overlaps = [...countsBelow(labels, inside)].map(([label, common]): [number, number] => [
    label,
    common / (inside.length + (labels.areas[label] ?? 0) - common),
  ]);
  const [best] = overlaps.toSorted((a, b) => b[1] - a[1]);
  return best && best[1] >= LEAST_OVERLAP ? [best[0]] : [];
}

/** The objects that the marks speak of, as one mask; null where there is none below them. */
export function meant(labels: Labels, marks: Marks): Mask | null {
  const first = marks.enclosed ? enclosedBy(labels, marks.enclosed) : underLine(labels, marks.below);
  const clicked = countsBelow(labels, marks.positives).keys();
  const wanted = new Set([...first, ...clicked]);
  return wanted.size === 0 ? null : maskOf(labels, (label) => wanted.has(label));
}

/** Pixels that surely belong to the object. */
export function surePixels(region: Mask, { below, enclosed, positives }: Marks): number[] {
  const sure = [...below, ...positives].filter((i) => region.data[i] === 1);
  if (sure.length > 0 || !enclosed) return sure;
  const found: number[] = [];
  for (let i = 0; i < region.data.length; i += 1) if (region.data[i] && enclosed.data[i]) found.push(i);
  const middle = found[Math.floor(found.length / 2)];
  return middle === undefined ? [] : [middle];
}

/** Seeds of region growing: what is below the line, or the middle of what was encircled. */
export function seedsOf(prompt: Prompt, place: Place): number[] {
  const marks = marksOf(prompt, place);
  const sure = [...marks.below, ...marks.positives];
  if (!marks.enclosed) return sure;
  const [x0, y0, x1, y1] = extentOf({ ...prompt, positives: [] });
  const [cx, cy, rx, ry] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 6, (y1 - y0) / 6];
  const middle: Point[] = [
    [cx - rx, cy - ry],
    [cx + rx, cy - ry],
    [cx + rx, cy + ry],
    [cx - rx, cy + ry],
  ];
  const inside = polygonsMask([[middle.map((p) => place.toMap(p))]], place.width, place.height);
  const seeds: number[] = [...sure];
  for (let i = 0; i < inside.data.length; i += 1) if (inside.data[i] === 1) seeds.push(i);
  return seeds.length > 0 ? seeds : pixelsOf([[cx, cy]], place);
}
