/** Finds the outline that a prompt speaks of: by a network in the browser, or by region growing. */
import type { Point, Polygon } from "../geometry/types";
import type { Assistant } from "../inference/assistant";
import { rangeOf } from "../inference/preprocessing";
import { extentOf, type Prompt, seedsOf, sizeOf } from "../inference/prompt";
import type { PixelDesk } from "../pixels/desk";
import { type Crop, cutCrop, pixelAt, pointInCrop, toCropPolygons, toImagePolygons } from "../pixels/raster";
import { type AssistMethod, GROWING, methodName, type ToolOptions } from "./tools/options";

export interface Suggested {
  readonly polygons: readonly Polygon[];
  /** Who found it. */
  readonly method: string;
}

/** So many of the last accepted sizes tell how large the next object may be. */
const REMEMBERED = 5;
/** Region growing looks so many sizes of the prompt around it; around a click so many pixels of the screen. */
const GROWING_WINDOW = 2.5;
const CLICK_WINDOW_PX = 220;
const SNAP_MARGIN_PX = 6;

export class ContourAssist {
  private diameters: number[] = [];

  constructor(
    private readonly assistant: Assistant,
    private readonly desk: PixelDesk,
    private readonly options: () => ToolOptions,
    private readonly prepare: () => Promise<void>,
  ) {}

  /** The chosen method; fetches the models where that was not done yet. */
  async method(): Promise<AssistMethod> {
    if (!this.options().assistMethod) await this.prepare();
    return this.options().assistMethod ?? { kind: "growing" };
  }

  /** Null where a newer prompt took its place; no polygons where nothing was found. */
  async suggest(method: AssistMethod, prompt: Prompt, crop: Crop): Promise<Suggested | null> {
    const polygons =
      method.kind === "model" ? await this.seen(method, prompt, crop) : await this.grown(prompt, crop);
    return polygons && { polygons, method: methodName(method) };
  }

  async grow(prompt: Prompt, crop: Crop): Promise<Suggested | null> {
    const polygons = await this.grown(prompt, crop);
    return polygons && { polygons, method: GROWING };
  }

  /** The outlines drawn to the edges near them; null where a newer wish took its place. */
  async snap(polygons: readonly Polygon[], crop: Crop): Promise<Polygon[] | null> {
    const inCrop = toCropPolygons(polygons, crop);
    const request = { raster: crop.raster, polygons: inCrop, margin: SNAP_MARGIN_PX };
    const found = await this.desk.ask("snap", request);
    return found && toImagePolygons(found, crop);
  }

  /** An accepted outline tells how large objects are here. */
  learn(area: number): void {
    this.diameters = [...this.diameters, 2 * Math.sqrt(area / Math.PI)].slice(-REMEMBERED);
  }

  private get usualDiameter(): number | null {
    const sorted = this.diameters.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  private seen(
    method: AssistMethod & { kind: "model" },
    prompt: Prompt,
    crop: Crop,
  ): Promise<Polygon[] | null> {
    const range = rangeOf(crop.raster, crop.isRgb, method.model);
    const wish = {
      crop: windowOf(crop, prompt, this.usualDiameter),
      range,
      prompt,
      diameterPx: this.usualDiameter,
    };
    return this.assistant.suggest(method.model, wish);
  }

  private async grown(prompt: Prompt, crop: Crop): Promise<Polygon[] | null> {
    const [x0, y0, x1, y1] = extentOf(prompt);
    const size = sizeOf(prompt);
    const room = size === null ? (CLICK_WINDOW_PX * crop.step) / 2 : (size * GROWING_WINDOW) / 2;
    const part = cutCrop(crop, [x0 - room, y0 - room, x1 + room, y1 + room]);
    if (!part) return [];
    const { raster } = part;
    const place = { ...raster, toMap: (point: Point): Point => pointInCrop(part, point) };
    const barred = prompt.negatives.flatMap((point) => around(part, point));
    const found = await this.desk.ask("growing", { raster, seeds: seedsOf(prompt, place), barred });
    return found && toImagePolygons(found, part);
  }
}

/** The pixels that a right click takes away for region growing: a few around it. */
function around(crop: Crop, [x, y]: Point): number[] {
  const reach = 3 * crop.step;
  const found: number[] = [];
  for (let dy = -reach; dy <= reach; dy += crop.step)
    for (let dx = -reach; dx <= reach; dx += crop.step) {
      const index = pixelAt(crop, [x + dx, y + dy]);
      if (index !== null) found.push(index);
    }
  return found;
}

/** The worker gets so many diameters around the prompt, enough for a second look at a larger size. */
const SENT = 12;
const LEAST_SENT_PX = 320;

function windowOf(crop: Crop, prompt: Prompt, usual: number | null): Crop {
  const [x0, y0, x1, y1] = extentOf(prompt);
  const size = Math.max(sizeOf(prompt) ?? 0, usual ?? 0);
  const room = Math.max(SENT * size, LEAST_SENT_PX * crop.step) / 2;
  return cutCrop(crop, [x0 - room, y0 - room, x1 + room, y1 + room]) ?? crop;
}
