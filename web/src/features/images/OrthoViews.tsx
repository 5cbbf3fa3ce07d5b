/** Cuts through a stack along both sides, at a place that one clicks; beside the picture of one plane. */
import { CloseButton, Text } from "@mantine/core";
import { type MouseEvent, useEffect, useState } from "react";
import { sliceUrl } from "../../api/images";
import type { Image } from "../../api/types";
import type { Point } from "../../geometry/types";
import { setWorkspace, useWorkspace, workspace } from "../../state/workspace";

const WIDTH_PX = 260;
const LOWEST_PX = 40;
const HIGHEST_PX = 200;
const SETTLE_MS = 200;

export function OrthoViews({ image }: { image: Image }) {
  const isOpen = useWorkspace((s) => s.showsCuts);
  const at = useCentre(isOpen);
  const depth = image.size_z > 1 ? "z" : "t";
  if (!isOpen || !at || Math.max(image.size_z, image.size_t) < 2) return null;
  return (
    <section className="ortho" aria-label="Orthogonal views" data-testid="ortho">
      <div className="ortho-head">
        <Text size="xs" fw={600}>
          Cuts through the middle
        </Text>
        <CloseButton
          size="xs"
          aria-label="Close the orthogonal views"
          onClick={() => setWorkspace({ showsCuts: false })}
        />
      </div>
      <Cut image={image} side="x" depth={depth} at={at} />
      <Cut image={image} side="y" depth={depth} at={at} />
    </section>
  );
}

/** The middle of what is in sight, once the hand rests. */
function useCentre(isOpen: boolean): Point | null {
  const viewer = useWorkspace((s) => s.viewer);
  const [at, setAt] = useState<Point | null>(null);
  useEffect(() => {
    if (!viewer || !isOpen) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = () => setAt([viewer.camera.currentPlace.x, viewer.camera.currentPlace.y]);
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLE_MS);
    };
    settle();
    const stop = viewer.events.on("place", later);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [viewer, isOpen]);
  return at;
}

interface CutProps {
  image: Image;
  side: "x" | "y";
  depth: "z" | "t";
  at: Point;
}

function Cut({ image, side, depth, at }: CutProps) {
  const plane = useWorkspace((s) => s.plane);
  const channels = useWorkspace((s) => s.channels);
  const [width, height] = [image.width ?? 1, image.height ?? 1];
  const [length, across] = side === "x" ? [width, height] : [height, width];
  const place = Math.min(across - 1, Math.max(0, Math.floor(side === "x" ? at[1] : at[0])));
  const count = depth === "z" ? image.size_z : image.size_t;
  const shown = Math.min(HIGHEST_PX, Math.max(LOWEST_PX, (count / length) * WIDTH_PX));
  const go = (event: MouseEvent<HTMLButtonElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const along = ((event.clientX - box.left) / box.width) * length;
    const index = Math.min(count - 1, Math.floor(((event.clientY - box.top) / box.height) * count));
    const { viewer } = workspace();
    const now = viewer?.camera.currentPlace;
    setWorkspace({ plane: { ...plane, [depth]: Math.max(0, index) } });
    if (viewer && now) viewer.camera.go({ ...now, ...(side === "x" ? { x: along } : { y: along }) });
  };
  const middle = (side === "x" ? at[0] : at[1]) / length;
  return (
    <button
      type="button"
      className="ortho-cut"
      style={{ width: WIDTH_PX, height: shown }}
      onClick={go}
      aria-label={`Cut along ${side}: click to go to that place and plane`}
      data-testid={`cut-${side}`}
    >
      <img
        src={sliceUrl(image.id, side, {
          at: place,
          depth,
          z: plane.z,
          t: plane.t,
          channels: image.rgb ? [] : channels,
        })}
        alt=""
        draggable={false}
      />
      <span className="ortho-line" style={{ left: `${middle * 100}%`, top: 0, bottom: 0, width: 1 }} />
      <span
        className="ortho-line"
        style={{ top: `${((plane[depth] + 0.5) / count) * 100}%`, left: 0, right: 0, height: 1 }}
      />
      <span className="ortho-name">{`${side}${depth}`}</span>
    </button>
  );
}
