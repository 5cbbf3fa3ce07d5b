/** Where one looks: the part of the image in sight, and how one goes elsewhere. */
import type OlMap from "ol/Map";
import View from "ol/View";
import type { Image } from "../api/types";
import type { Box, Point } from "../geometry/types";
import { extentOf, pixelProjection, sizeOf, toImage, toMap, turnedBox } from "./space";

export interface Place {
  /** The centre, in image pixels. */
  readonly x: number;
  readonly y: number;
  /** Screen pixels an image pixel. */
  readonly zoom: number;
  /** Degrees, clockwise. */
  readonly rotation: number;
}

const ANIMATION_MS = 200;
const CLOSEST = 1 / 64;
/** Top, right, bottom, left: beside the tools, below the view's buttons, above scale bar and planes. */
const FIT_PADDING = [54, 16, 54, 92];

export const viewOf = (image: Image): View =>
  new View({
    projection: pixelProjection(image),
    extent: extentOf(image),
    constrainOnlyCenter: true,
    center: [sizeOf(image).width / 2, -sizeOf(image).height / 2],
    resolution: 1,
    minResolution: CLOSEST,
    maxResolution: Math.max(64, ...image.levels.map((level) => level.downsample * 8)),
  });

export class Camera {
  constructor(
    private readonly map: OlMap,
    private readonly image: Image,
  ) {}

  get view(): View {
    return this.map.getView();
  }

  get currentPlace(): Place {
    const [x, y] = toImage(this.view.getCenter() ?? [0, 0]);
    const rotation = ((this.view.getRotation() * 180) / Math.PI) % 360;
    return { x, y, zoom: 1 / (this.view.getResolution() ?? 1), rotation };
  }

  /** The part of the image that is in sight. */
  get visibleBox(): Box {
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = this.view.calculateExtent(this.map.getSize() ?? [1, 1]);
    const { width, height } = sizeOf(this.image);
    return [Math.max(0, x0), Math.max(0, -y1), Math.min(width, x1), Math.min(height, -y0)];
  }

  /** The corners of what is in sight, in image pixels: a box that may be turned. */
  get visibleCorners(): Point[] {
    const [width = 1, height = 1] = this.map.getSize() ?? [1, 1];
    const { x, y } = this.currentPlace;
    const resolution = this.view.getResolution() ?? 1;
    return turnedBox([x, y], [width * resolution, height * resolution], this.view.getRotation());
  }

  get seesAll(): boolean {
    const [x0, y0, x1, y1] = this.visibleBox;
    const { width, height } = sizeOf(this.image);
    return x0 <= 0 && y0 <= 0 && x1 >= width && y1 >= height;
  }

  /** Two texts differ where the same pixel of the image lies elsewhere on the screen. */
  get sight(): string {
    const size = this.map.getSize() ?? [];
    return [...this.view.calculateExtent(), this.view.getRotation(), ...size].join(" ");
  }

  go({ x, y, zoom, rotation }: Place): void {
    this.view.setRotation((rotation * Math.PI) / 180);
    this.view.setCenter(toMap([x, y]));
    this.view.setResolution(1 / zoom);
  }

  fit(duration = ANIMATION_MS): void {
    this.view.fit(extentOf(this.image), { padding: FIT_PADDING, duration });
  }

  zoomTo(zoom: number): void {
    this.view.animate({ resolution: 1 / zoom, duration: ANIMATION_MS });
  }

  zoomBy(factor: number): void {
    this.zoomTo(this.currentPlace.zoom * factor);
  }

  rotateTo(degrees: number): void {
    this.view.animate({ rotation: (degrees * Math.PI) / 180, duration: ANIMATION_MS });
  }

  /** Shows a box with room around it, never closer than four screen pixels an image pixel. */
  show(box: Box): void {
    const [width = 1, height = 1] = this.map.getSize() ?? [1, 1];
    const resolution = Math.max((box[2] - box[0]) / (width * 0.3), (box[3] - box[1]) / (height * 0.3), 0.25);
    const now = this.view.getResolution() ?? 1;
    this.view.animate({
      center: toMap([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]),
      resolution: resolution > now || now > resolution * 2.5 ? resolution : now,
      duration: ANIMATION_MS,
    });
  }

  onMove(listener: (place: Place) => void): void {
    for (const part of ["change:center", "change:resolution", "change:rotation"] as const)
      this.view.on(part, () => listener(this.currentPlace));
  }
}
