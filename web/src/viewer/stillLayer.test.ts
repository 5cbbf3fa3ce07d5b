import WebGLTileLayer from "ol/layer/WebGLTile";
import type { FrameState } from "ol/Map";
import { afterEach, describe, expect, it, vi } from "vitest";
import { channelStyle } from "./channels";
import { StillTileLayer } from "./stillLayer";

const frame = (resolution = 1, center = [0, 0]): FrameState =>
  ({
    viewState: { center, resolution, rotation: 0 },
    size: [800, 600],
    pixelRatio: 1,
  }) as unknown as FrameState;

function layerThatIs(complete: { renderComplete: boolean }) {
  const canvas = document.createElement("canvas");
  const render = vi.spyOn(WebGLTileLayer.prototype, "render").mockReturnValue(canvas);
  const layer = new StillTileLayer({ style: { color: channelStyle(1) } });
  vi.spyOn(layer, "getRenderer").mockReturnValue(complete as never);
  return { layer, render, canvas, draw: (state = frame()) => layer.render(state, canvas) };
}

describe("StillTileLayer", () => {
  afterEach(() => vi.restoreAllMocks());

  it("is drawn once while nothing about it changes", () => {
    const { render, draw, canvas } = layerThatIs({ renderComplete: true });
    expect([draw(), draw(), draw()]).toEqual([canvas, canvas, canvas]);
    expect(render).toHaveBeenCalledTimes(1);
  });

  it("is drawn anew for another place, a tile that came and another opacity", () => {
    const { layer, render, draw } = layerThatIs({ renderComplete: true });
    draw();
    draw(frame(2));
    draw(frame(2, [5, 0]));
    layer.changed();
    draw(frame(2, [5, 0]));
    layer.setOpacity(0.5);
    draw(frame(2, [5, 0]));
    expect(render).toHaveBeenCalledTimes(5);
  });

  it("is drawn until its tiles are all there", () => {
    const state = { renderComplete: false };
    const { render, draw } = layerThatIs(state);
    draw();
    draw();
    state.renderComplete = true;
    draw();
    draw();
    expect(render).toHaveBeenCalledTimes(3);
  });

  it("is drawn anew after the browser emptied its canvas", () => {
    const { render, draw, canvas } = layerThatIs({ renderComplete: true });
    draw();
    canvas.dispatchEvent(new Event("webglcontextrestored"));
    draw();
    expect(render).toHaveBeenCalledTimes(2);
  });
});

describe("the style of channels", () => {
  it("mixes as many bands as there are, four at most", () => {
    const bandsOf = (count: number) =>
      new Set(JSON.stringify(channelStyle(count)).match(/\["band",\d\]/g)).size;
    expect([0, 1, 3, 9].map(bandsOf)).toEqual([1, 1, 3, 4]);
  });
});
