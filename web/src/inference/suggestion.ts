/** From a prompt and the shown picture to a suggested outline, by a network. */
import type { Box, Point, Polygon } from "../geometry/types";
import { filled, largestPiece } from "../pixels/components";
import { maskPolygons, smoothed } from "../pixels/outlines";
import { type Crop, cutCrop, type Mask, pixelCount, toImagePolygons } from "../pixels/raster";
import { objectsOf, without } from "./decoding";
import { type Maps, type Network, scaledMaps, scaleFor } from "./maps";
import type { NetworkSpec } from "./model";
import { normalised, type Range } from "./preprocessing";
import { extentOf, type Marks, marksOf, meant, type Prompt, sizeOf, surePixels } from "./prompt";

export interface Wish {
  readonly crop: Crop;
  /** Of all that is in sight. */
  readonly range: Range;
  readonly prompt: Prompt;
  /** What objects measured so far, image pixels; null where none was accepted yet. */
  readonly diameterPx: number | null;
}

/** The window around an object, in its diameters. */
const WINDOW = 4.9;
/** A second look where the object turns out so many times larger or smaller than it was taken for. */
const SURPRISE = 1.5;
/** Where nothing is surely an object, what is likely one will do: the user sees it before it counts. */
const LOWER = [1, 0.6, 0.3];
const MOST_LOOKS = 3;

interface Found {
  readonly mask: Mask;
  readonly window: Crop;
  /** Map pixels an image pixel. */
  readonly perPixel: number;
  readonly diameterPx: number;
}

function windowAround(crop: Crop, prompt: Prompt, diameterPx: number): Crop | null {
  const [x0, y0, x1, y1] = extentOf(prompt);
  const side = Math.max(WINDOW * diameterPx, x1 - x0 + 2 * diameterPx, y1 - y0 + 2 * diameterPx);
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const box: Box = [cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2];
  return cutCrop(crop, box);
}

function chosen(maps: Maps, spec: NetworkSpec, marks: Marks): Mask | null {
  for (const factor of LOWER) {
    const limits = { foreground: spec.foreground * factor, seed: spec.seed };
    const region = meant(objectsOf(maps, limits), marks);
    if (!region) continue;
    const whole = filled(region);
    const kept = without(whole, surePixels(whole, marks), marks.negatives);
    if (pixelCount(kept) > 0) return kept;
  }
  return null;
}

async function look(
  network: Network,
  spec: NetworkSpec,
  wish: Wish,
  diameterPx: number,
): Promise<Found | null> {
  const window = windowAround(wish.crop, wish.prompt, diameterPx);
  if (!window) return null;
  const { raster, step, isRgb, x, y } = window;
  const scale = scaleFor(spec, diameterPx / step, Math.max(raster.width, raster.height));
  const maps = await scaledMaps(network, spec, normalised(raster, isRgb, wish.range), scale);
  const perPixel = maps.width / (raster.width * step);
  const toMap = ([px, py]: Point): Point => [(px - x) * perPixel, (py - y) * perPixel];
  const mask = chosen(maps, spec, marksOf(wish.prompt, { width: maps.width, height: maps.height, toMap }));
  if (!mask) return null;
  const area = pixelCount(mask) / (perPixel * perPixel);
  return { mask, window, perPixel, diameterPx: 2 * Math.sqrt(area / Math.PI) };
}

function outlinesOf({ mask, window, perPixel }: Found): Polygon[] {
  const place = { x: window.x, y: window.y, step: 1 / perPixel };
  return toImagePolygons(smoothed(maskPolygons(largestPiece(mask))), place);
}

/** First guesses of a diameter, image pixels: what the prompt says, what objects measured, what fits the screen. */
function guesses({ prompt, diameterPx, crop }: Wish, spec: NetworkSpec): number[] {
  const told = sizeOf(prompt);
  const usual = (spec.diameterPx ?? 26) * crop.step;
  const all = told ? [told, diameterPx] : [diameterPx, usual, usual * 2.5];
  return all.filter((one): one is number => one !== null);
}

/**
 * The outline of the object that the prompt speaks of, image pixels; none where the network sees no object there.
 *
 * The picture is seen such that the object has the size of those in training; where its size was guessed wrong, it is
 * looked at again.
 */
export async function suggestion(network: Network, spec: NetworkSpec, wish: Wish): Promise<Polygon[]> {
  let best: Found | null = null;
  let looks = 0;
  for (const guess of guesses(wish, spec)) {
    let [expected, again] = [guess, true];
    while (again && looks < MOST_LOOKS) {
      looks += 1;
      const found: Found | null = await look(network, spec, wish, expected);
      if (!found) break;
      best = found;
      const ratio = found.diameterPx / expected;
      again = spec.diameterPx !== null && (ratio > SURPRISE || ratio < 1 / SURPRISE);
      expected = found.diameterPx;
    }
    if (best) return outlinesOf(best);
  }
  return [];
}
