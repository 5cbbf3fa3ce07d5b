/** How objects look: the colour is the class, dashed is predicted, yellow is selected. */
import type { FeatureLike } from "ol/Feature";
import { Point as OlPoint } from "ol/geom";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { BUBBLES, CLUSTERS, type Part, visibleSum } from "./clusters";

/** Light, so that it reads on dark fluorescence; the rim keeps it apart from white and pink. */
export const UNCLASSIFIED = "#c3d3e6";
export const SELECTED = "#ffd60a";
const PREDICTED = 1;
const REJECTED = 2;

export interface StyleRules {
  readonly colors: ReadonlyMap<number, string>;
  readonly hiddenTerms: ReadonlySet<number>;
  readonly hiddenIds: ReadonlySet<number>;
  readonly isFilled: boolean;
  readonly showsPredictions: boolean;
}

export const DEFAULT_RULES: StyleRules = {
  colors: new Map(),
  hiddenTerms: new Set(),
  hiddenIds: new Set(),
  isFilled: true,
  showsPredictions: true,
};

function withAlpha(color: string, alpha: number): string {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return `rgba(${(value >> 16) & 255}, ${(value >> 8) & 255}, ${value & 255}, ${alpha})`;
}

/** Not quite clear, because a clear fill cannot be clicked. */
const BARELY = 0.01;

/** A dark rim below the outline keeps it apart from any background. */
const RIM_PX = 1.8;
const rimStyle = (width: number): Style =>
  new Style({ stroke: new Stroke({ color: "rgba(8, 12, 16, 0.55)", width: width + RIM_PX }) });

function objectStyle(color: string, isDashed: boolean, isFilled: boolean, width = 1.6): Style {
  const stroke = new Stroke({ color, width, ...(isDashed ? { lineDash: [6, 3] } : {}) });
  const fill = new Fill({ color: withAlpha(color, isFilled ? 0.16 : BARELY) });
  const image = new CircleStyle({
    radius: 5,
    fill: new Fill({ color: withAlpha(color, 0.9) }),
    stroke: new Stroke({ color: isDashed ? "rgba(0, 0, 0, 0.4)" : "#ffffff", width: 1.5 }),
  });
  return new Style({ stroke, fill, image });
}

const dotStyle = (color: string): Style =>
  new Style({ image: new CircleStyle({ radius: 1.8, fill: new Fill({ color: withAlpha(color, 0.7) }) }) });

function bubbleStyle(color: string, count: number): Style {
  const text = count >= 10_000 ? `${Math.round(count / 1000)}k` : String(count);
  return new Style({
    zIndex: 1,
    image: new CircleStyle({
      radius: 6 + 4 * Math.log10(count + 1),
      fill: new Fill({ color: withAlpha(color, 0.8) }),
      stroke: new Stroke({ color: "rgba(10, 14, 18, 0.75)", width: 1.5 }),
    }),
    text: new Text({
      text,
      font: "600 11px system-ui, sans-serif",
      fill: new Fill({ color: "#ffffff" }),
      stroke: new Stroke({ color: "rgba(0, 0, 0, 0.8)", width: 2.5 }),
    }),
  });
}

/** A thick or dashed outline on a small object, in screen pixels, would hide or break it. */
const STROKES = [
  { below: 9, width: 0.8, takesDashes: false, hasRim: false },
  { below: 26, width: 1.2, takesDashes: false, hasRim: true },
  { below: Number.POSITIVE_INFINITY, width: 1.8, takesDashes: true, hasRim: true },
] as const;

function strokeFor(feature: FeatureLike, resolution: number): (typeof STROKES)[number] {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = feature.getGeometry()?.getExtent() ?? [];
  const side = Math.max(x1 - x0, y1 - y0) / resolution;
  return STROKES.find(({ below }) => side < below) ?? STROKES[2];
}

/** The number of the kind "arrow" in the tiles. */
const ARROW = 6;

/** A triangle at the end of a line, turned along its last stretch. */
function arrowHead(feature: FeatureLike, color: string): Style | null {
  const line = "getFlatCoordinates" in feature ? feature.getFlatCoordinates() : [];
  const [x0, y0, x1, y1] = line.slice(-4);
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  return new Style({
    geometry: new OlPoint([x1, y1]),
    image: new RegularShape({
      points: 3,
      radius: 8,
      rotation: Math.atan2(x1 - x0, y1 - y0),
      rotateWithView: true,
      fill: new Fill({ color }),
      stroke: new Stroke({ color: "rgba(8, 12, 16, 0.7)", width: 1 }),
    }),
  });
}

function isShown(
  { term, status }: Omit<Part, "count">,
  { hiddenTerms, showsPredictions }: StyleRules,
): boolean {
  return !hiddenTerms.has(term) && status !== REJECTED && (status !== PREDICTED || showsPredictions);
}

/** A style function over vector tiles; styles are kept, as there are few kinds among many objects. */
export function tileStyle(rules: () => StyleRules) {
  const kept = new Map<string, Style>();
  const keep = (key: string, make: () => Style): Style => {
    const style = kept.get(key) ?? make();
    kept.set(key, style);
    return style;
  };
  return (feature: FeatureLike, resolution: number): Style | Style[] | undefined => {
    const { colors, hiddenIds, isFilled } = rules();
    const layer: unknown = feature.get("layer");
    if (layer === BUBBLES) {
      const sum = visibleSum(feature.get("parts") as Part[], (part) => isShown(part, rules()));
      const color = colors.get(sum?.term ?? 0) ?? UNCLASSIFIED;
      return sum ? keep(`bubble ${color} ${sum.count}`, () => bubbleStyle(color, sum.count)) : undefined;
    }
    const term = Number(feature.get("term") ?? 0);
    const status = Number(feature.get("status") ?? 0);
    if (!isShown({ term, status }, rules())) return undefined;
    const color = colors.get(term) ?? UNCLASSIFIED;
    if (layer === CLUSTERS) return keep(`dot ${color}`, () => dotStyle(color));
    if (hiddenIds.has(Number(feature.getId()))) return undefined;
    const { width, takesDashes, hasRim } = strokeFor(feature, resolution);
    const isSuggested = status === PREDICTED || Number(feature.get("suggested") ?? 0) === 1;
    const isDashed = isSuggested && takesDashes;
    const key = `${color} ${isDashed} ${isFilled} ${width}`;
    const style = keep(key, () => objectStyle(color, isDashed, isFilled, width));
    const head = Number(feature.get("kind")) === ARROW ? arrowHead(feature, color) : null;
    if (head) return [style, head];
    return hasRim ? [keep(`rim ${width}`, () => rimStyle(width)), style] : style;
  };
}

export const selectedStyle = (isFilled: boolean): Style[] => [
  new Style({
    stroke: new Stroke({ color: "rgba(0, 0, 0, 0.55)", width: 4 }),
    fill: new Fill({ color: withAlpha(SELECTED, isFilled ? 0.16 : BARELY) }),
  }),
  new Style({
    stroke: new Stroke({ color: SELECTED, width: 2 }),
    image: new CircleStyle({
      radius: 6.5,
      fill: new Fill({ color: SELECTED }),
      stroke: new Stroke({ color: "#111111", width: 1.5 }),
    }),
  }),
];

/** White between dark: to be found at a glance on any picture. */
export const pointedStyle = (): Style[] => {
  const ring = (color: string, width: number): Style =>
    new Style({
      stroke: new Stroke({ color, width }),
      image: new CircleStyle({ radius: 10, stroke: new Stroke({ color, width }) }),
    });
  return [ring("rgba(8, 12, 16, 0.8)", 6), ring("#ffffff", 3)];
};

export const pendingStyle = (color: string, isPredicted: boolean): Style =>
  objectStyle(color, isPredicted, true);

export const handleStyle = (): Style =>
  new Style({
    image: new CircleStyle({
      radius: 3.5,
      fill: new Fill({ color: "#ffffff" }),
      stroke: new Stroke({ color: "#1a1a1a", width: 1.2 }),
    }),
  });

export const sketchStyle = (): Style[] => [
  new Style({ stroke: new Stroke({ color: "rgba(0, 0, 0, 0.6)", width: 3.5 }) }),
  new Style({
    stroke: new Stroke({ color: "#ffffff", width: 1.6 }),
    fill: new Fill({ color: "rgba(255, 255, 255, 0.14)" }),
  }),
];

/** A suggestion: dashed, as predictions are, in white above a dark rim. */
export const dashedStyle = (): Style[] => [
  new Style({ stroke: new Stroke({ color: "rgba(0, 0, 0, 0.6)", width: 3.5 }) }),
  new Style({
    stroke: new Stroke({ color: "#ffffff", width: 1.8, lineDash: [6, 4] }),
    fill: new Fill({ color: "rgba(255, 255, 255, 0.1)" }),
  }),
];

/** What a ruler or an angle reads, beside the pointer; the name of a point, slanted while it is only suggested. */
export const labelStyle = (text: string, slant: "normal" | "italic" = "normal"): Style =>
  new Style({
    text: new Text({
      text,
      font: `${slant} 600 12px system-ui, sans-serif`,
      offsetY: -16,
      padding: [3, 5, 2, 5],
      fill: new Fill({ color: "#ffffff" }),
      backgroundFill: new Fill({ color: "rgba(10, 14, 18, 0.8)" }),
    }),
  });

export const regionStyle = (): Style[] => [
  new Style({ stroke: new Stroke({ color: "rgba(0, 0, 0, 0.6)", width: 3 }) }),
  new Style({
    stroke: new Stroke({ color: "#4fd1c5", width: 2, lineDash: [8, 5] }),
    fill: new Fill({ color: "rgba(79, 209, 197, 0.07)" }),
  }),
];
