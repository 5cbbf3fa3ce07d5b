/** Numbers behind distributions: quartiles, whiskers, densities, and points that do not cover each other. */

export interface BoxNumbers {
  readonly count: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
  /** The furthest values within 1.5 times the interquartile range of the box (Tukey). */
  readonly whiskers: readonly [number, number];
  /** Places of the values beyond the whiskers. */
  readonly outside: readonly number[];
}

/** Interpolated linearly, as the statistics of the server are. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const lower = Math.floor(place);
  const first = sorted[lower] ?? Number.NaN;
  const second = sorted[Math.min(lower + 1, sorted.length - 1)] ?? first;
  return first + (second - first) * (place - lower);
}

export function boxNumbers(values: readonly number[]): BoxNumbers | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share)) as [
    number,
    number,
    number,
  ];
  const reach = 1.5 * (high - low);
  const inside = sorted.filter((value) => value >= low - reach && value <= high + reach);
  const whiskers = [inside[0] ?? low, inside.at(-1) ?? high] as const;
  const outside = values.flatMap((value, at) => (value < whiskers[0] || value > whiskers[1] ? [at] : []));
  return { count: values.length, low, median, high, whiskers, outside };
}

const MOST_FOR_DENSITY = 5000;

/** At most so many, evenly from the whole. */
export function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as Item);
}

/** A Gaussian kernel density at evenly spaced places from least to most, with Silverman's bandwidth. */
export function density(values: readonly number[], places: number): { at: number; height: number }[] {
  const sorted = thinned(
    values.toSorted((a, b) => a - b),
    MOST_FOR_DENSITY,
  );
  const [first, last] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
  const sd = Math.sqrt(
    sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, sorted.length - 1),
  );
  const iqr = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const spread = Math.min(sd, iqr / 1.34) || sd;
  const width = 0.9 * spread * sorted.length ** -0.2;
  if (!(width > 0)) return [{ at: first, height: 1 }];
  const step = (last - first) / Math.max(1, places - 1);
  return Array.from({ length: places }, (_, i) => {
    const at = first + i * step;
    let sum = 0;
    for (const value of sorted) sum += Math.exp(-0.5 * ((at - value) / width) ** 2);
    return { at, height: sum / (sorted.length * width * Math.sqrt(2 * Math.PI)) };
  });
}

/**
 * How far each point stands from the middle so that none covers another: the nearest free place on either side.
 * `places` and `radius` in px; beyond `reach` points lie on each other.
 */
export function swarm(places: readonly number[], radius: number, reach: number): number[] {
  const order = places.map((_, i) => i).toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const offsets = new Array<number>(places.length).fill(0);
  const near: number[] = [];
  for (const i of order) {
    const y = places[i] ?? 0;
    while (near.length > 0 && y - (places[near[0] ?? 0] ?? 0) >= 2 * radius) near.shift();
    const isFree = (x: number) =>
      near.every(
        (j) => (x - (offsets[j] ?? 0)) ** 2 + (y - (places[j] ?? 0)) ** 2 >= 4 * radius * radius - 1e-6,
      );
    const tried = [
      0,
      ...near.flatMap((j) => {
        const away = Math.sqrt(Math.max(0, 4 * radius * radius - (y - (places[j] ?? 0)) ** 2));
        return [(offsets[j] ?? 0) + away, (offsets[j] ?? 0) - away];
      }),
    ].toSorted((a, b) => Math.abs(a) - Math.abs(b));
    offsets[i] = tried.find((x) => Math.abs(x) <= reach && isFree(x)) ?? ((i % 7) - 3) * (reach / 4);
    near.push(i);
  }
  return offsets;
}

/** Round numbers from least to most: steps of 1, 2 or 5 times a power of ten. */
export function ticks(least: number, most: number, about = 5): number[] {
  if (!(most > least)) return [least];
  const rough = (most - least) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  const step = (lead > 5 ? 10 : lead > 2 ? 5 : lead > 1 ? 2 : 1) * power;
  const found: number[] = [];
  for (let i = Math.ceil(least / step - 1e-9); i * step <= most + step * 1e-9; i += 1)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}
