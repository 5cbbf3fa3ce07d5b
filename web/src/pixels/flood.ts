/** Regions of like colour that grow from one pixel: colour fill and the magic wand. */
import { reached, withoutPinholes } from "./components";
import { blurred, contrastPlane, gradientOf } from "./planes";
import { colourAround, colourDistance, emptyMask, type Mask, type Plane, type Raster } from "./raster";
import { otsu } from "./threshold";

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

/** Where an edge is strong, and how strong; made once for many tolerances. */
export interface Edges {
  readonly gradient: Plane;
  readonly limit: number;
}

/** Less than this, in values a pixel, is noise even in a picture without an edge. */
const LEAST_EDGE = 4;
const SMOOTHING_PX = 1;

export function edgesOf(raster: Raster): Edges {
  const gradient = gradientOf(blurred(contrastPlane(raster), SMOOTHING_PX));
  return { gradient, limit: Math.max(LEAST_EDGE, otsu(gradient.data)) };
}

/**
 * What is reached from the seed through pixels of its colour without crossing a strong edge.
 *
 * A pixel on an edge is taken, but the region does not grow on from it.
 */
export function wand(raster: Raster, seed: number, tolerance: number, edges: Edges = edgesOf(raster)): Mask {
  const { data } = raster;
  if ((data[seed * 4 + 3] ?? 0) === 0) return emptyMask(raster);
  const colour = colourAround(raster, seed);
  const { gradient, limit } = edges;
  const isAlike = (i: number): boolean =>
    i === seed || (data[i * 4 + 3] !== 0 && colourDistance(data, i, colour) <= tolerance);
  const isFlat = (i: number): boolean => i === seed || (gradient.data[i] ?? 0) <= limit;
  const core = reached(raster, [seed], (i) => isAlike(i) && isFlat(i));
  return withoutPinholes(withRim(core, (i) => isAlike(i) && !isFlat(i)));
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
