/** What is plotted and how: kept while one goes from image to image. */
import { create } from "zustand";
import type { Column, Grouping, Scope } from "../../api/types";

export type PlotKind = "histogram" | "scatter" | "box" | "violin" | "swarm";

export interface Plotting {
  readonly scope: Scope;
  readonly kind: PlotKind;
  readonly x: string | null;
  readonly y: string | null;
  /** What colours the points of the scatter: "class", "cluster", "image", "well" or the key of a measurement. */
  readonly color: string;
  readonly by: Grouping;
}

export const usePlotting = create<Plotting>()(() => ({
  scope: "image",
  kind: "histogram",
  x: null,
  y: null,
  color: "class",
  by: "class",
}));

export const setPlotting = (change: Partial<Plotting>): void => usePlotting.setState(change);

/** Where an object lies says less than what it is like. */
const LAST = ["score", "term_score", "x", "y", "z", "t"];

export const plottable = (columns: readonly Column[]): Column[] =>
  columns.filter(({ numeric }) => numeric).toSorted((a, b) => LAST.indexOf(a.key) - LAST.indexOf(b.key));

export const labelOf = ({ label, unit }: Column): string =>
  unit ? `${label} (${unit.replace("^2", "²").replace("^3", "³").replace("um", "µm")})` : label;

export const GROUPINGS: readonly { value: Grouping; label: string }[] = [
  { value: "class", label: "Class" },
  { value: "cluster", label: "Cluster" },
  { value: "image", label: "Image" },
  { value: "group", label: "Group of images" },
  { value: "well", label: "Well" },
];

/** Those that say something: images and wells only where there may be several, clusters once there are some. */
export const groupingsFor = (scope: Scope, hasClusters: boolean) =>
  GROUPINGS.filter(({ value }) =>
    value === "class" ? true : value === "cluster" ? hasClusters : scope === "project",
  );
