/** What lies on the picture: overview, zoom, scale bar, planes, the values under the pointer. */
import {
  IconAspectRatio,
  IconLayoutColumns,
  IconMinus,
  IconPlus,
  IconRotate2,
  IconRotateClockwise2,
  IconZoomReset,
} from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { pixelAt } from "../../api/images";
import type { Image } from "../../api/types";
import type { Point } from "../../geometry/types";
import { toggleBeside, useBeside } from "../../state/beside";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { niceLength, number } from "../../ui/format";
import { IconButton } from "../../ui/parts";
import type { Place } from "../../viewer/camera";

export function usePlace(): Place | null {
  const viewer = useWorkspace((s) => s.viewer);
  const [place, setPlace] = useState<Place | null>(null);
  useEffect(() => {
    setPlace(viewer?.camera.currentPlace ?? null);
    return viewer?.events.on("place", setPlace);
  }, [viewer]);
  return place;
}

function magnified(zoom: number, image: Image): string {
  const percent = `${number(Number((zoom * 100).toPrecision(3)))} %`;
  return image.magnification
    ? `${Number((image.magnification * zoom).toPrecision(3))}× · ${percent}`
    : percent;
}

export function ViewControls({ image }: { image: Image }) {
  const viewer = useWorkspace((s) => s.viewer);
  const place = usePlace();
  const isBeside = useBeside((s) => s.isOpen);
  const rotation = place?.rotation ?? 0;
  return (
    <div className="view-controls">
      <IconButton
        label="Farther"
        shortcut="-"
        onClick={() => viewer?.camera.zoomBy(1 / 1.5)}
        testId="zoom-out"
      >
        <IconMinus size={15} />
      </IconButton>
      <span className="zoom-readout" data-testid="zoom-readout">
        {place ? magnified(place.zoom, image) : ""}
      </span>
      <IconButton label="Closer" shortcut="+" onClick={() => viewer?.camera.zoomBy(1.5)} testId="zoom-in">
        <IconPlus size={15} />
      </IconButton>
      <IconButton label="Fit the image" shortcut="0" onClick={() => viewer?.camera.fit()} testId="zoom-fit">
        <IconAspectRatio size={15} />
      </IconButton>
      <IconButton
        label="One to one"
        shortcut="Home"
        onClick={() => viewer?.camera.zoomTo(1)}
        testId="zoom-full"
      >
        <IconZoomReset size={15} />
      </IconButton>
      <IconButton
        label="Another picture beside this one"
        shortcut="Shift+B"
        pressed={isBeside}
        onClick={toggleBeside}
        testId="toggle-beside"
      >
        <IconLayoutColumns size={15} />
      </IconButton>
      <IconButton label="Rotate left" onClick={() => viewer?.camera.rotateTo(rotation - 15)}>
        <IconRotate2 size={15} />
      </IconButton>
      {Math.abs(rotation) > 0.05 ? (
        <button
          type="button"
          className="zoom-readout row-button"
          onClick={() => viewer?.camera.rotateTo(0)}
          title="Turn upright"
        >
          {Math.round(rotation)}°
        </button>
      ) : null}
      <IconButton
        label="Rotate right"
        shortcut="Alt+Shift drag"
        onClick={() => viewer?.camera.rotateTo(rotation + 15)}
      >
        <IconRotateClockwise2 size={15} />
      </IconButton>
    </div>
  );
}

const BAR_PX = 140;

export function ScaleBar({ image }: { image: Image }) {
  const place = usePlace();
  if (!place) return null;
  const unit = image.pixel_width_um ?? null;
  const perScreenPixel = (unit ?? 1) / place.zoom;
  const length = niceLength(perScreenPixel * BAR_PX);
  const isMillimetres = unit !== null && length >= 1000;
  const text =
    unit === null
      ? `${number(length)} px`
      : isMillimetres
        ? `${number(length / 1000)} mm`
        : `${number(length)} µm`;
  return (
    <div className="scale" data-testid="scale-bar">
      {text}
      <div className="scale-bar" style={{ width: length / perScreenPixel }} />
    </div>
  );
}

export function PlaneSliders({ image }: { image: Image }) {
  const plane = useWorkspace((s) => s.plane);
  if (image.size_z <= 1 && image.size_t <= 1) return null;
  const row = (axis: "z" | "t", count: number, physical: string) =>
    count > 1 ? (
      <label className="plane-row">
        <span>{axis.toUpperCase()}</span>
        <input
          type="range"
          min={0}
          max={count - 1}
          value={plane[axis]}
          aria-label={axis === "z" ? "Z plane" : "Time point"}
          data-testid={`slider-${axis}`}
          onChange={(e) => setWorkspace({ plane: { ...plane, [axis]: Number(e.currentTarget.value) } })}
          // its own keys move it; all others are still commands
          onKeyDown={(e) => /^(Arrow|Home|End|Page)/.test(e.key) && e.stopPropagation()}
        />
        <span>
          {plane[axis] + 1} / {count}
          {physical}
        </span>
      </label>
    ) : null;
  const depth = image.z_spacing_um ? ` · ${number(plane.z * image.z_spacing_um)} µm` : "";
  const time = image.frame_interval_s ? ` · ${number(plane.t * image.frame_interval_s)} s` : "";
  return (
    <div className="planes">
      {row("z", image.size_z, depth)}
      {row("t", image.size_t, time)}
    </div>
  );
}

const READ_DELAY_MS = 80;

/** The place under the pointer at once, its values as soon as the pointer rests. */
export function Readout({ image }: { image: Image }) {
  const viewer = useWorkspace((s) => s.viewer);
  const plane = useWorkspace((s) => s.plane);
  const channels = useWorkspace((s) => s.channels);
  const [at, setAt] = useState<Point | null>(null);
  const [values, setValues] = useState<{ x: number; y: number; text: string } | null>(null);
  useEffect(() => viewer?.events.on("pointer", setAt), [viewer]);
  const x = at ? Math.floor(at[0]) : -1;
  const y = at ? Math.floor(at[1]) : -1;
  const isInside = x >= 0 && y >= 0 && x < (image.width ?? 0) && y < (image.height ?? 0);
  useEffect(() => {
    if (!isInside) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      pixelAt(image.id, { x, y, ...plane }, abort.signal)
        .then((found) => setValues({ x, y, text: valuesText(image, found.values, channels) }))
        .catch(() => setValues(null));
    }, READ_DELAY_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [image, x, y, plane, isInside, channels]);
  if (!isInside) return <span className="readout" data-testid="readout" />;
  const um = image.pixel_width_um && image.pixel_height_um;
  return (
    <span className="readout" data-testid="readout">
      {x}, {y} px
      {um
        ? ` · ${number(x * (image.pixel_width_um ?? 0))}, ${number(y * (image.pixel_height_um ?? 0))} µm`
        : ""}
      {values && values.x === x && values.y === y ? ` · ${values.text}` : ""}
    </span>
  );
}

function valuesText(
  image: Image,
  values: readonly number[],
  channels: readonly { isVisible: boolean }[],
): string {
  if (image.rgb) return `R ${values[0]} G ${values[1]} B ${values[2]}`;
  return values
    .filter((_, i) => values.length <= 4 || channels[i]?.isVisible)
    .map(number)
    .join(" | ");
}
