/** The density of objects as a map of colours, tile by tile. */
import TileLayer from "ol/layer/Tile";
import ImageTileSource from "ol/source/ImageTile";
import { url } from "../api/http";
import { fetchPatiently } from "../api/patience";
import type { Image } from "../api/types";
import { canvasOfPixels } from "./classRaster";
import type { Plane } from "./picture";
import { lastVectorZoom, pixelProjection, vectorTileGrid } from "./space";

export interface Heat {
  readonly layerId: string;
  readonly generation: number;
  readonly termId: number | null;
  readonly radiusPx: number;
  /** The density at the end of the scale. */
  readonly most: number;
  readonly opacity: number;
}

type Color = readonly [number, number, number];

/** From few to many: even in lightness, and told apart by those who see fewer colours. */
const STOPS: readonly Color[] = [
  [45, 20, 90],
  [122, 30, 120],
  [203, 55, 92],
  [245, 125, 50],
  [252, 225, 120],
];

/** The colour of a share of the scale, from 0 to 1. */
export function heatColor(share: number): Color {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(at));
  const [from, to] = [STOPS[index], STOPS[index + 1]];
  const mix = (channel: 0 | 1 | 2): number => {
    const [a, b] = [from?.[channel] ?? 0, to?.[channel] ?? 0];
    return Math.round(a + (b - a) * (at - index));
  };
  return [mix(0), mix(1), mix(2)];
}

export const HEAT_GRADIENT = `linear-gradient(to right, ${STOPS.map((color) => `rgb(${color.join(" ")})`).join(", ")})`;

/** Below this share the picture shines through more and more, so that nothing is coloured where nothing is. */
const FULL_FROM = 0.15;

/** RGBA of a field of densities. */
export function heatPixels(field: Float32Array, most: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(field.length * 4);
  field.forEach((value, index) => {
    const share = most > 0 ? value / most : 0;
    if (share <= 0.005) return;
    out.set([...heatColor(share), 255 * Math.min(1, share / FULL_FROM)], index * 4);
  });
  return out;
}

class HeatSource extends ImageTileSource {
  show(key: string): void {
    this.setKey(key);
  }
}

export class HeatLayer {
  readonly layer: TileLayer<HeatSource>;
  private readonly source: HeatSource;
  private heat: Heat | null = null;

  constructor(
    private readonly image: Image,
    private plane: Plane,
  ) {
    this.source = new HeatSource({
      tileGrid: vectorTileGrid(image),
      projection: pixelProjection(image),
      wrapX: false,
      transition: 0,
      interpolate: true,
      loader: (z, x, y, { signal }) => this.tile(z, x, y, signal),
    });
    this.layer = new TileLayer({ source: this.source, visible: false, zIndex: 8 });
  }

  set(heat: Heat | null): void {
    const before = this.heat;
    this.heat = heat;
    this.layer.setVisible(heat !== null);
    this.layer.setOpacity(heat?.opacity ?? 1);
    if (heat && keyOf(heat) !== (before ? keyOf(before) : "")) this.renew();
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    this.renew();
  }

  dispose(): void {
    this.layer.dispose();
    this.source.dispose();
  }

  private renew(): void {
    if (this.heat) this.source.show(`${keyOf(this.heat)} ${this.plane.z} ${this.plane.t}`);
  }

  private async tile(z: number, x: number, y: number, signal: AbortSignal): Promise<HTMLCanvasElement> {
    const { heat, plane } = this;
    if (!heat) return canvasOfPixels(new Uint8ClampedArray(4), 1);
    const zoom = lastVectorZoom(this.image) - z;
    const address = url(`/layers/${heat.layerId}/density/${zoom}/${x}/${y}`, {
      ...plane,
      radius: heat.radiusPx,
      term_id: heat.termId,
      g: heat.generation,
    });
    const field = new Float32Array(await (await fetchPatiently(address, signal)).arrayBuffer());
    return canvasOfPixels(heatPixels(field, heat.most), Math.sqrt(field.length));
  }
}

const keyOf = ({ opacity: _, ...heat }: Heat): string => JSON.stringify(heat);
