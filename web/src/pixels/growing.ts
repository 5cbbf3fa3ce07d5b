/** Region growing from seeds: what is as the seeds are, by its statistics. */
import { dilated, filled, labelled, maskOf, opened, reached } from "./components";
import { blurred } from "./planes";
import { emptyMask, type Mask, type Plane, pixelCount, type Raster } from "./raster";

export interface GrowingSettings {
  /** How many standard deviations a pixel may be off. */
  readonly reach: number;
  /** The smallest standard deviation that is believed, in values of 255. */
  readonly leastSpread: number;
}

const DEFAULTS: GrowingSettings = { reach: 2.8, leastSpread: 5 };
const MOST_ROUNDS = 12;

interface Statistics {
  readonly mean: readonly [number, number, number];
  readonly spread: readonly [number, number, number];
}

function channelsOf({ width, height, data }: Raster): Plane[] {
  return [0, 1, 2].map((c) => {
    const plane = { width, height, data: new Float32Array(width * height) };
    for (let i = 0; i < plane.data.length; i += 1) plane.data[i] = data[i * 4 + c] ?? 0;
    return blurred(plane, 0.8);
  });
}

function statisticsOf(channels: readonly Plane[], { data }: Mask, least: number): Statistics {
  const found = channels.map((plane) => {
    let [sum, squares, count] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 1) {
      if (data[i] === 0) continue;
      const value = plane.data[i] ?? 0;
      sum += value;
      squares += value * value;
      count += 1;
    }
    const mean = sum / Math.max(1, count);
    return [mean, Math.max(least, Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)))];
  });
  const at = (c: number, k: number): number => found[c]?.[k] ?? 0;
  return { mean: [at(0, 0), at(1, 0), at(2, 0)], spread: [at(0, 1), at(1, 1), at(2, 1)] };
}

/**
 * The region around the seeds whose pixels lie within some standard deviations of its mean in every channel.
 *
 * Mean and deviation are taken anew from each region until it no longer changes (confidence-connected growing). A round
 * that makes the region several times larger has leaked, and the one before it counts.
 */
export function grown(
  raster: Raster,
  seeds: Iterable<number>,
  barred: ReadonlySet<number> = new Set(),
  settings: Partial<GrowingSettings> = {},
): Mask {
  const { reach, leastSpread } = { ...DEFAULTS, ...settings };
  const channels = channelsOf(raster);
  const start = emptyMask(raster);
  for (const seed of seeds) if (raster.data[seed * 4 + 3] !== 0 && !barred.has(seed)) start.data[seed] = 1;
  const kept = seedsOf(start);
  if (kept.length === 0) return start;
  let region = start;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { mean, spread } = statisticsOf(channels, region, leastSpread);
    const accepts = (i: number): boolean =>
      start.data[i] === 1 ||
      (raster.data[i * 4 + 3] !== 0 &&
        !barred.has(i) &&
        channels.every(
          ({ data }, c) => Math.abs((data[i] ?? 0) - (mean[c] ?? 0)) <= reach * (spread[c] ?? 0),
        ));
    const next = reached(raster, kept, accepts);
    if (round > 0 && pixelCount(next) > LEAK * pixelCount(region)) break;
    const isSettled = next.data.every((value, i) => value === region.data[i]);
    region = next;
    if (isSettled) break;
  }
  return tidy(withRim(channels, region, barred), kept);
}

const LEAK = 2.5;

const seedsOf = ({ data }: Mask): number[] => {
  const found: number[] = [];
  for (let i = 0; i < data.length; i += 1) if (data[i] === 1) found.push(i);
  return found;
};

const RIM_PX = 2;
const AROUND_PX = 3;

/** An edge is a slope: what is nearer to the inside than to the surroundings, in colour, still belongs to the object. */
function withRim(channels: readonly Plane[], region: Mask, barred: ReadonlySet<number>): Mask {
  let near = region;
  for (let i = 0; i < RIM_PX; i += 1) near = dilated(near);
  let far = near;
  for (let i = 0; i < AROUND_PX; i += 1) far = dilated(far);
  const around = { ...far, data: far.data.map((value, i) => value & (1 - (near.data[i] ?? 0))) };
  const inside = statisticsOf(channels, region, 1).mean;
  const outside = statisticsOf(channels, around, 1).mean;
  const distance = (i: number, mean: readonly number[]): number =>
    channels.reduce((sum, { data }, c) => sum + ((data[i] ?? 0) - (mean[c] ?? 0)) ** 2, 0);
  const isInside = (i: number): boolean => distance(i, inside) < distance(i, outside) && !barred.has(i);
  return { ...region, data: near.data.map((value, i) => (region.data[i] || (value && isInside(i)) ? 1 : 0)) };
}

/** Without threads into the surroundings, as long as the seeds stay. */
function tidy(region: Mask, seeds: readonly number[]): Mask {
  const whole = filled(region);
  const labels = labelled(opened(whole, 1));
  const counts = new Map<number, number>();
  for (const seed of seeds) {
    const label = labels.data[seed] ?? 0;
    if (label > 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts.size === 0 ? whole : maskOf(labels, (label) => counts.has(label));
}
