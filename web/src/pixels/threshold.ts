/** Telling objects from background in a box by one threshold. */
import { filled, labelled, labelsAtEdge, maskOf, opened } from "./components";
import { blurred, contrastPlane } from "./planes";
import { emptyMask, type Mask, type Plane, pixelCount, type Raster } from "./raster";

const BINS = 256;

/** The value that parts the numbers into two groups with the largest variance between them (Otsu 1979). */
export function otsu(values: ArrayLike<number>): number {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return Number.isFinite(low) ? low : 0;
  const scale = (BINS - 1) / (high - low);
  const histogram = new Float64Array(BINS);
  for (let i = 0; i < values.length; i += 1) {
    const bin = Math.round(((values[i] ?? 0) - low) * scale);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return low + (bestSplit(histogram, values.length) + 0.5) / scale;
}

function bestSplit(histogram: Float64Array, total: number): number {
  const sum = histogram.reduce((all, count, bin) => all + count * bin, 0);
  let [best, bestVariance, below, sumBelow] = [0, -1, 0, 0];
  let last = 0;
  for (let bin = 0; bin < BINS - 1; bin += 1) {
    below += histogram[bin] ?? 0;
    sumBelow += bin * (histogram[bin] ?? 0);
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const variance = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2;
    const isEqual = Math.abs(variance - bestVariance) <= 1e-9 * bestVariance;
    if (variance > bestVariance && !isEqual) [best, bestVariance, last] = [bin, variance, bin];
    else if (isEqual) last = bin;
  }
  // empty bins between the groups are all as good: take the middle
  return Math.floor((best + last) / 2);
}

/** Differences below this, in values of 255, are noise. */
const LEAST_CONTRAST = 6;
/** Fewer pixels are specks. */
const LEAST_PIXELS = 6;

export type Kept = "largest" | "all";

/**
 * The object or the objects in a picture of a box around them, one mask each.
 *
 * Objects are the group, dark or bright, that has the smaller share of the picture's rim. Pieces that do not touch the
 * rim come first; where all touch it, all count.
 */
export function objectsIn(raster: Raster, kept: Kept = "largest"): Mask[] {
  const plane = blurred(contrastPlane(raster), 0.7);
  const limit = otsu(plane.data);
  if (!hasContrast(plane, limit)) return [];
  const isBright = shareAtRim(plane, (value) => value > limit) <= 0.5;
  const mask = emptyMask(raster);
  plane.data.forEach((value, i) => {
    mask.data[i] = raster.data[i * 4 + 3] !== 0 && value > limit === isBright ? 1 : 0;
  });
  const labels = labelled(filled(opened(mask)));
  const atEdge = labelsAtEdge(labels);
  const large = labels.areas.flatMap((area, label) => (area >= LEAST_PIXELS ? [label] : []));
  const inside = large.filter((label) => !atEdge.has(label));
  const found = (inside.length > 0 ? inside : large).toSorted((a, b) => areaOf(b) - areaOf(a));
  function areaOf(label: number): number {
    return labels.areas[label] ?? 0;
  }
  const chosen = kept === "largest" ? found.slice(0, 1) : found;
  return chosen.map((wanted) => maskOf(labels, (label) => label === wanted)).filter((m) => pixelCount(m) > 0);
}

/** The means of both groups are apart. */
function hasContrast({ data }: Plane, limit: number): boolean {
  const sum = [0, 0];
  const count = [0, 0];
  for (const value of data) {
    const group = value > limit ? 1 : 0;
    sum[group] = (sum[group] ?? 0) + value;
    count[group] = (count[group] ?? 0) + 1;
  }
  const [low = 0, high = 0] = count;
  if (low === 0 || high === 0) return false;
  return (sum[1] ?? 0) / high - (sum[0] ?? 0) / low >= LEAST_CONTRAST;
}

function shareAtRim({ width, height, data }: Plane, accepts: (value: number) => boolean): number {
  let [count, found] = [0, 0];
  const look = (index: number): void => {
    count += 1;
    if (accepts(data[index] ?? 0)) found += 1;
  };
  for (let x = 0; x < width; x += 1) {
    look(x);
    look((height - 1) * width + x);
  }
  for (let y = 0; y < height; y += 1) {
    look(y * width);
    look(y * width + width - 1);
  }
  return found / Math.max(1, count);
}
