/** A WebGL layer of tiles that is drawn anew only where that changes something. */

import WebGLTileLayer from "ol/layer/WebGLTile";
import type { FrameState } from "ol/Map";

/** Everything that decides how the layer looks; its revision counts styles, planes and tiles that came. */
export function lookOf(
  { viewState, size, pixelRatio }: FrameState,
  revision: number,
  opacity: number,
): string {
  const { center, resolution, rotation } = viewState;
  return [...center, resolution, rotation, ...size, pixelRatio, revision, opacity].join(" ");
}

/**
 * A map draws all its layers whenever one changes, so an outline under the pointer would draw the picture again and
 * again: dear without a graphics card. The layer must be the only one on its canvas, and its tiles must not fade in.
 */
export class StillTileLayer extends WebGLTileLayer {
  private drawn: HTMLElement | null = null;
  private look = "";

  override render(frameState: FrameState | null, target: HTMLElement): HTMLElement {
    const look = frameState ? lookOf(frameState, this.getRevision(), this.getOpacity()) : "";
    if (this.drawn && look !== "" && look === this.look) return this.drawn;
    const drawn = super.render(frameState, target);
    this.look = this.getRenderer()?.renderComplete ? look : "";
    this.keep(drawn);
    return drawn;
  }

  private keep(drawn: HTMLElement): void {
    if (drawn === this.drawn) return;
    this.drawn?.removeEventListener("webglcontextrestored", this.renew);
    drawn.addEventListener("webglcontextrestored", this.renew);
    this.drawn = drawn;
  }

  /** After the browser took the graphics memory away, the canvas is empty. */
  private readonly renew = (): void => {
    this.look = "";
    this.changed();
  };
}
