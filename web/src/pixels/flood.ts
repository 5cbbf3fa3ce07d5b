/** Regions of like colour that grow from one pixel: colour fill and the magic wand. */
import { reached, withoutPinholes } from "./components";
import { blurred, contrastPlane, gradientOf } from "./planes";
import { colourAround, colourDistance, emptyMask, type Mask, type Plane, type Raster } from "./raster";

/** What touches the seed and has its colour, to within a tolerance of 0..255. */
export function floodFill(raster: Raster, seed: number, tolerance: number): Mask {
  const { data } = raster;
  if ((data[seed * 4 + 3] ?? 0) === 0) return emptyMask(raster);
  const at = seed * 4;
  const colour = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0] as const;
  const accepts = (i: number): boolean =>
    data[i * 4 + 3] !== 0 && colourDistance(data, i, colour) <= tolerance;
  return reached(raster, [seed], accepts);
}

/** Less than this, in values a pixel, is noise even in a picture without an edge. */
const LEAST_EDGE = 4;
/** An edge is so many times steeper than what is usual around the seed: texture of an object is none. */
const STEEPER = 3.5;
const AROUND_PX = 4;
const SMOOTHING_PX = 1;
/** Smoothing makes an edge so wide on either side. */
const RIM_PX = 3;

/** How much the picture changes a pixel; made once for many tolerances. */
export const edgesOf = (raster: Raster): Plane => gradientOf(blurred(contrastPlane(raster), SMOOTHING_PX));

function edgeLimit({ width, height, data }: Plane, seed: number): number {
  const [column, row] = [seed % width, Math.floor(seed / width)];
  const found: number[] = [];
  for (let y = Math.max(0, row - AROUND_PX); y <= Math.min(height - 1, row + AROUND_PX); y += 1)
    for (let x = Math.max(0, column - AROUND_PX); x <= Math.min(width - 1, column + AROUND_PX); x += 1)
      found.push(data[y * width + x] ?? 0);
  const median = found.sort((a, b) => a - b)[Math.floor(found.length / 2)] ?? 0;
  return Math.max(LEAST_EDGE, STEEPER * median);
}

/**
 * What is reached from the seed through pixels of its colour without crossing a strong edge.
 *
 * The pixels of the edge itself are taken, but the region does not grow on from them.
 */
export function wand(
  raster: Raster,
  seed: number,
  tolerance: number,
  gradient: Plane = edgesOf(raster),
): Mask {
  const { data } = raster;
  if ((data[seed * 4 + 3] ?? 0) === 0) return emptyMask(raster);
  const colour = colourAround(raster, seed);
  const limit = edgeLimit(gradient, seed);
  const isAlike = (i: number): boolean =>
    i === seed || (data[i * 4 + 3] !== 0 && colourDistance(data, i, colour) <= tolerance);
  const isFlat = (i: number): boolean => i === seed || (gradient.data[i] ?? 0) <= limit;
  const core = reached(raster, [seed], (i) => isAlike(i) && isFlat(i));
  let region = core;
  for (let i = 0; i < RIM_PX; i += 1) region = withRim(region, (index) => isAlike(index) && !isFlat(index));
  return withoutPinholes(region);
}

/** The mask and the accepted pixels that touch it. */
function withRim(core: Mask, accepts: (index: number) => boolean): Mask {
  const { width, height } = core;
  const data = core.data.slice();
  for (let i = 0; i < data.length; i += 1) {
    if (core.data[i] !== 0 || !accepts(i)) continue;
    const column = i % width;
    const touches =
      (column > 0 && core.data[i - 1]) ||
      (column < width - 1 && core.data[i + 1]) ||
      core.data[i - width] ||
      core.data[i + width];
    if (touches) data[i] = 1;
  }
  return { width, height, data };
}
