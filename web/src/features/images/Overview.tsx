/**
 * The whole image, small, with a frame around what is in sight; a click or a drag goes there.
 * Gone while everything is in sight, as it would only cover the picture.
 */
import { type PointerEvent, useRef, useState } from "react";
import { thumbnailUrl } from "../../api/images";
import type { Image } from "../../api/types";
import { useWorkspace } from "../../state/workspace";
import { usePlace } from "./StageOverlays";

const LARGEST_PX = 150;
const RETRY_MS = 4000;

export function Overview({ image }: { image: Image }) {
  const viewer = useWorkspace((s) => s.viewer);
  // drawn anew whenever the place changes
  usePlace();
  const svg = useRef<SVGSVGElement>(null);
  const [tries, setTries] = useState(0);
  const width = image.width ?? 1;
  const height = image.height ?? 1;
  const scale = LARGEST_PX / Math.max(width, height, 1);
  const shown = { width: Math.max(24, width * scale), height: Math.max(24, height * scale) };
  const go = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (!box || !viewer || event.buttons !== 1) return;
    const x = ((event.clientX - box.left) / box.width) * width;
    const y = ((event.clientY - box.top) / box.height) * height;
    viewer.camera.go({ ...viewer.camera.currentPlace, x, y });
  };
  const frame = viewer?.image.id === image.id ? viewer.camera.visibleCorners : [];
  if (!viewer || viewer.camera.seesAll) return null;
  const points = frame
    .map(([x, y]) => `${(x / width) * shown.width},${(y / height) * shown.height}`)
    .join(" ");
  return (
    <div className="overview" data-testid="overview">
      <svg
        ref={svg}
        {...shown}
        role="img"
        aria-label="Overview of the image"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={go}
      >
        <image
          key={tries}
          href={thumbnailUrl(image, 256)}
          {...shown}
          preserveAspectRatio="none"
          onError={() => setTimeout(() => setTries(tries + 1), RETRY_MS)}
        />
        <polygon
          points={points}
          fill="rgba(95, 208, 195, 0.14)"
          stroke="#0d1115"
          strokeWidth={3.5}
          opacity={0.7}
        />
        <polygon points={points} fill="none" stroke="#5fd0c3" strokeWidth={1.6} />
      </svg>
    </div>
  );
}
