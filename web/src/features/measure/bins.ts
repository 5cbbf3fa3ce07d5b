/** Numbers for plots. */

export interface Bins {
  readonly from: number;
  readonly step: number;
  readonly counts: readonly number[];
}

type MaybeNumber = number | null | undefined;

const isNumber = (value: MaybeNumber): value is number => typeof value === "number" && Number.isFinite(value);

/** Equal bins, as many as the square root of the count says, between 8 and 60. */
export function binned(values: readonly MaybeNumber[]): Bins | null {
  const known = values.filter(isNumber);
  if (known.length === 0) return null;
  let [least, most] = [Infinity, -Infinity];
  for (const value of known) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const n = Math.min(60, Math.max(8, Math.round(Math.sqrt(known.length))));
  const step = (most - least) / n || 1;
  const counts = new Array<number>(n).fill(0);
  for (const value of known) {
    const bin = Math.min(n - 1, Math.floor((value - least) / step));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from: least, step, counts };
}

/** Which of the points is nearest to a place on the screen, within reach. */
export function nearestPoint(
  xs: readonly number[],
  ys: readonly number[],
  at: { x: number; y: number },
  reach: number,
): number | null {
  let best: number | null = null;
  let distance = reach * reach;
  xs.forEach((x, i) => {
    const y = ys[i];
    if (y === undefined) return;
    const d = (x - at.x) ** 2 + (y - at.y) ** 2;
    if (d <= distance) {
      best = i;
      distance = d;
    }
  });
  return best;
}

/** A part of a plot that was drawn: from and to on each axis; without `y` any value is inside. */
export interface Gate {
  readonly x: readonly [number, number];
  readonly y?: readonly [number, number];
  /** Only among these groups of the plot, by name. */
  readonly among?: readonly string[];
}

const isBetween = (value: MaybeNumber, range: readonly [number, number] | undefined): boolean =>
  range === undefined || (isNumber(value) && value >= range[0] && value <= range[1]);

/** Numbers of the objects inside, edges included; those without a value are outside. `groupOf` names an object's group. */
export function idsInGate(
  ids: readonly number[],
  xs: readonly MaybeNumber[],
  ys: readonly MaybeNumber[],
  { x, y, among }: Gate,
  groupOf: (at: number) => string | undefined = () => undefined,
): number[] {
  const names = among && new Set<string | undefined>(among);
  return ids.filter(
    (_, i) => isBetween(xs[i], x) && isBetween(ys[i], y) && (!names || names.has(groupOf(i))),
  );
}

const bound = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The same by the keys of the measurements. */
export const rangesOf = (
  { x, y }: Gate,
  xKey: string,
  yKey: string,
): Record<string, [number | null, number | null]> => ({
  [xKey]: [bound(x[0]), bound(x[1])],
  ...(y ? { [yKey]: [bound(y[0]), bound(y[1])] } : {}),
});
