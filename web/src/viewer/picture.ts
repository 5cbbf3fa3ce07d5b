/** The image itself: RGB tiles on a canvas, or raw channels coloured on the graphics card. */
import type Layer from "ol/layer/Layer";
import TileLayer from "ol/layer/Tile";
import DataTileSource from "ol/source/DataTile";
import ImageTileSource from "ol/source/ImageTile";
import { url } from "../api/http";
import { fetchRawTile } from "../api/images";
import { fetchPatiently } from "../api/patience";
import type { Image, TileLevel } from "../api/types";
import { AS_RECORDED, type PictureView, recolour } from "../pixels/stains";
import { BAND_COUNT, type ChannelDisplay, channelStyle, channelVariables, visibleBands } from "./channels";
import { extentOf, imageTileGrid, pixelProjection } from "./space";
import { StillTileLayer } from "./stillLayer";

export interface Plane {
  readonly z: number;
  readonly t: number;
}

export interface Tone {
  /** 1 leaves the picture as it is. */
  readonly brightness: number;
  readonly contrast: number;
}

export interface Picture {
  readonly layer: Layer;
  setPlane(plane: Plane): void;
  setChannels(channels: readonly ChannelDisplay[]): void;
  setTone(tone: Tone): void;
  /** Pictures in colour can be shown as one dye, or as dark and bright. */
  setView(view: PictureView): void;
  /** How the page shows what is drawn on the layer's canvas. */
  readonly tone: Tone;
  /** Changes when the picture looks different in the same place. */
  readonly key: string;
  dispose(): void;
}

/** No other layer has these classes, so that nothing else is drawn on the picture's canvas. */
const RGB_CLASS = "picture-rgb";
const CHANNELS_CLASS = "picture-channels";
const PLAIN: Tone = { brightness: 1, contrast: 1 };

/** Where the picture, and nothing else, is drawn; null before the first frame. */
export const canvasOf = (viewport: HTMLElement | undefined): HTMLCanvasElement | null =>
  viewport?.querySelector<HTMLCanvasElement>(`.${RGB_CLASS} canvas, canvas.${CHANNELS_CLASS}`) ?? null;

export function pictureOf(image: Image, plane: Plane, channels: readonly ChannelDisplay[]): Picture {
  return image.rgb ? new RgbPicture(image, plane) : new ChannelPicture(image, plane, channels);
}

interface TilePlace {
  readonly level: TileLevel;
  readonly index: number;
  readonly isInside: boolean;
}

function placeOf(image: Image, z: number, column: number, row: number): TilePlace | null {
  const index = image.levels.length - 1 - z;
  const level = image.levels[index];
  if (!level) return null;
  const isInside = column * level.tile_width < level.width && row * level.tile_height < level.height;
  return { level, index, isInside };
}

class PlaneImageSource extends ImageTileSource {
  show(key: string): void {
    this.setKey(key);
  }
}

class PlaneDataSource extends DataTileSource {
  show(key: string): void {
    this.setKey(key);
  }
}

class RgbPicture implements Picture {
  readonly layer: TileLayer<ImageTileSource>;
  tone = PLAIN;

  get key(): string {
    return `${this.sourceKey()} ${this.tone.brightness} ${this.tone.contrast} ${this.layer.getRevision()}`;
  }
  private readonly source: PlaneImageSource;
  private view = AS_RECORDED;

  constructor(
    private readonly image: Image,
    private plane: Plane,
  ) {
    this.source = new PlaneImageSource({
      tileGrid: imageTileGrid(image),
      projection: pixelProjection(image),
      wrapX: false,
      transition: 0,
      interpolate: true,
      loader: (z, x, y, { signal }) => this.tile(z, x, y, signal),
    });
    this.source.show(this.sourceKey());
    this.layer = new TileLayer({
      source: this.source,
      extent: extentOf(image),
      className: RGB_CLASS,
      preload: 1,
    });
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    this.source.show(this.sourceKey());
  }

  setChannels(): void {
    // an RGB picture has none
  }

  setTone(tone: Tone): void {
    this.tone = tone;
    const { brightness, contrast } = tone;
    const element = document.querySelector<HTMLElement>(`.${RGB_CLASS}`);
    if (element) element.style.filter = `brightness(${brightness}) contrast(${contrast})`;
  }

  /** Tiles are recoloured once each, when they come: moving the picture costs nothing more. */
  setView(view: PictureView): void {
    this.view = view;
    this.source.show(this.sourceKey());
  }

  dispose(): void {
    this.layer.dispose();
  }

  private sourceKey(): string {
    const { name, level } = this.view;
    return `${planeKey(this.plane)} ${name} ${name === "threshold" ? level : ""}`;
  }

  private async tile(z: number, x: number, y: number, signal: AbortSignal): Promise<HTMLCanvasElement> {
    const { view } = this;
    const place = placeOf(this.image, z, x, y);
    const canvas = document.createElement("canvas");
    canvas.width = place?.level.tile_width ?? 1;
    canvas.height = place?.level.tile_height ?? 1;
    if (!place?.isInside) return canvas;
    const address = url(`/images/${this.image.id}/tiles/${place.index}/${x}/${y}`, {
      ...this.plane,
      v: this.image.content_version,
    });
    const response = await fetchPatiently(address, signal);
    const bitmap = await createImageBitmap(await response.blob());
    // tiles at the right and bottom are cropped: drawn at their true size, the rest stays clear
    const context = canvas.getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    if (context && view.name !== "recorded") {
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
      recolour(pixels.data, view);
      context.putImageData(pixels, 0, 0);
    }
    bitmap.close();
    return canvas;
  }
}

const planeKey = ({ z, t }: Plane): string => `${z}-${t}`;

class ChannelPicture implements Picture {
  readonly layer: StillTileLayer;
  readonly tone = PLAIN;

  get key(): string {
    return `${this.sourceKey()} ${this.layer.getRevision()}`;
  }
  private readonly source: PlaneDataSource;
  private bands: readonly number[];

  constructor(
    private readonly image: Image,
    private plane: Plane,
    channels: readonly ChannelDisplay[],
  ) {
    this.bands = visibleBands(channels);
    this.source = new PlaneDataSource({
      tileGrid: imageTileGrid(image),
      projection: pixelProjection(image),
      wrapX: false,
      transition: 0,
      bandCount: BAND_COUNT,
      hasAlpha: false,
      interpolate: false,
      loader: (z, x, y, { signal }) => this.tile(z, x, y, signal),
    });
    this.source.show(this.sourceKey());
    this.layer = new StillTileLayer({
      className: CHANNELS_CLASS,
      source: this.source,
      extent: extentOf(image),
      preload: 1,
      style: { color: channelStyle(channels.length), variables: channelVariables(channels, this.bands) },
    });
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    this.source.show(this.sourceKey());
  }

  setChannels(channels: readonly ChannelDisplay[]): void {
    this.bands = visibleBands(channels);
    this.source.show(this.sourceKey());
    this.layer.updateStyleVariables(channelVariables(channels, this.bands));
  }

  setTone(): void {
    // the channels have their own ranges
  }

  setView(): void {
    // the channels have their own colours
  }

  dispose(): void {
    this.layer.dispose();
  }

  private sourceKey(): string {
    return `${planeKey(this.plane)}-${this.bands.join(".")}`;
  }

  private async tile(z: number, x: number, y: number, signal: AbortSignal): Promise<Float32Array> {
    const place = placeOf(this.image, z, x, y);
    if (!place) return new Float32Array(BAND_COUNT);
    const { tile_width, tile_height } = place.level;
    const out = new Float32Array(tile_width * tile_height * BAND_COUNT);
    if (!place.isInside || this.bands.length === 0) return out;
    const address = url(`/images/${this.image.id}/raw/${place.index}/${x}/${y}`, {
      c: this.bands.join(","),
      ...this.plane,
      v: this.image.content_version,
    });
    const { values, shape } = await fetchRawTile(address, signal);
    interleave(values, shape, out, tile_width);
    return out;
  }
}

/** Planes (c, h, w) of a possibly cropped tile into interleaved bands of a whole one. */
export function interleave(
  values: ArrayLike<number>,
  [c, h, w]: readonly [number, number, number],
  out: Float32Array,
  tileWidth: number,
): void {
  for (let band = 0; band < Math.min(c, BAND_COUNT); band += 1) {
    for (let row = 0; row < h; row += 1) {
      let to = row * tileWidth * BAND_COUNT + band;
      let from = (band * h + row) * w;
      for (let column = 0; column < w; column += 1, to += BAND_COUNT, from += 1) out[to] = values[from] ?? 0;
    }
  }
}
