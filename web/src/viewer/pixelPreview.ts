/** What a pixel classifier makes of the part of the picture in sight: one picture a view, fetched anew as it moves. */
import ImageLayer from "ol/layer/Image";
import type OlMap from "ol/Map";
import ImageSource from "ol/source/Image";
import { messageFrom, url } from "../api/http";
import { fetchPatiently } from "../api/patience";
import type { Image } from "../api/types";
import type { Box } from "../geometry/types";
import type { Camera } from "./camera";
import type { Plane } from "./picture";
import { pixelProjection } from "./space";

export interface PixelPreview {
  readonly version: number;
  /** The place of the one class that is shown. */
  readonly only: number | null;
  readonly opacity: number;
  /** The size of a pixel (µm) at which it is looked at; null: the image's own. */
  readonly pixelUm: number | null;
}

export type PreviewTold =
  | { readonly state: "off" | "loading" | "shown" | "too large" }
  | { readonly state: "failed"; readonly problem: string };

/** Pixels of the analysis in one preview; the server takes no more. */
export const MOST_PIXELS = 1600 * 1600;

/** How long a view must rest before its preview is asked for, ms. */
const REST_MS = 60;

/** The window in whole pixels around what is in sight; null where nothing of the image is, or where it is too large. */
export function windowOf([x0, y0, x1, y1]: Box, downsample: number): Box | "nothing" | "too large" {
  const whole: Box = [Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)];
  const [width, height] = [whole[2] - whole[0], whole[3] - whole[1]];
  if (width <= 0 || height <= 0) return "nothing";
  // what the server adds to come to whole pixels of the analysis is a row and a column
  const count = (width / downsample + 2) * (height / downsample + 2);
  return count > MOST_PIXELS ? "too large" : whole;
}

export class PixelPreviewLayer {
  readonly layer = new ImageLayer<ImageSource>({ visible: false, zIndex: 9 });
  private preview: PixelPreview | null = null;
  private shown = "";
  private request: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly image: Image,
    private plane: Plane,
    private readonly tell: (told: PreviewTold) => void,
  ) {}

  /** Follows the view of a map from now on. */
  follow(map: OlMap, camera: Camera): void {
    this.camera = camera;
    map.on("moveend", () => this.renew());
  }

  private camera: Camera | null = null;

  set(preview: PixelPreview | null): void {
    this.preview = preview;
    this.layer.setOpacity(preview?.opacity ?? 1);
    this.renew();
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    this.renew();
  }

  dispose(): void {
    this.stop();
    this.layer.dispose();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = null;
    this.shown = "";
  }

  private renew(): void {
    const { preview, camera } = this;
    if (!preview || !camera) return this.hide("off");
    const own = this.image.pixel_width_um ?? null;
    const downsample = own && preview.pixelUm ? Math.max(1, preview.pixelUm / own) : 1;
    const box = windowOf(camera.visibleBox, downsample);
    if (box === "nothing") return this.hide("off");
    if (box === "too large") return this.hide("too large");
    const [x0, y0, x1, y1] = box;
    const query = { classifier: preview.version, x0, y0, x1, y1, only: preview.only, ...this.plane };
    const address = url(`/images/${this.image.id}/pixel-preview`, query);
    if (address === this.shown) return;
    this.stop();
    this.shown = address;
    this.tell({ state: "loading" });
    this.timer = setTimeout(() => void this.load(address), REST_MS);
  }

  private hide(state: "off" | "too large"): void {
    this.stop();
    this.layer.setVisible(false);
    this.tell({ state });
  }

  private async load(address: string): Promise<void> {
    const request = new AbortController();
    this.request = request;
    try {
      const answer = await fetchPatiently(address, request.signal);
      const box = boxOf(answer.headers.get("X-Box"));
      const picture = await createImageBitmap(await answer.blob());
      if (request.signal.aborted || !box) return;
      this.layer.setSource(this.sourceOf(picture, box));
      this.layer.setVisible(true);
      this.tell({ state: "shown" });
    } catch (error) {
      if (request.signal.aborted) return;
      this.shown = "";
      this.layer.setVisible(false);
      this.tell({ state: "failed", problem: messageFrom(error) });
    }
  }

  private sourceOf(image: ImageBitmap, [x0, y0, x1, y1]: Box): ImageSource {
    const extent = [x0, -y1, x1, -y0];
    return new ImageSource({
      projection: pixelProjection(this.image),
      interpolate: false,
      loader: () => Promise.resolve({ image, extent, resolution: (y1 - y0) / image.height }),
    });
  }
}

function boxOf(text: string | null): Box | null {
  const numbers = (text ?? "").split(",").map(Number);
  const [x0, y0, x1, y1] = numbers;
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  return numbers.some(Number.isNaN) ? null : [x0, y0, x1, y1];
}
