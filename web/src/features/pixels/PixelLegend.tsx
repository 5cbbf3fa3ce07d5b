/** Hands the preview to the picture while the panel is open, and says what its colours mean. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { pixelClassifiersQuery } from "../../api/pixels";
import type { Image, PixelClassifier } from "../../api/types";
import { type PreviewState, setPixels, usePixels } from "../../state/pixels";
import { useWorkspace } from "../../state/workspace";
import { Chip } from "../../ui/parts";
import "./pixels.css";

const TOLD: Partial<Record<PreviewState, string>> = {
  loading: "Looking …",
  "too large": "Zoom in to see the preview.",
  failed: "No preview; the panel tells why.",
};

export function PixelLegend({ projectId, image }: { projectId: string; image: Image }) {
  const isOpen = useWorkspace((s) => s.tab === "pixels");
  const isOn = usePixels((s) => s.showsPreview);
  const { data } = useQuery({ ...pixelClassifiersQuery(projectId), enabled: isOpen });
  const chosen = usePixels((s) => s.version);
  const shown = isOpen && isOn ? (data?.find(({ version }) => version === chosen) ?? data?.[0]) : undefined;
  usePreview(image, shown);
  return shown ? <Legend classifier={shown} /> : null;
}

function usePreview(image: Image, classifier: PixelClassifier | undefined): void {
  const viewer = useWorkspace((s) => s.viewer);
  const { opacity, only } = usePixels();
  const [version, pixelUm, count] = [classifier?.version, classifier?.pixel_um, classifier?.classes.length];
  useEffect(
    () =>
      viewer?.events.on("preview", (told) =>
        setPixels({ preview: told.state, problem: told.state === "failed" ? told.problem : "" }),
      ),
    [viewer],
  );
  useEffect(() => {
    if (!viewer || viewer.image.id !== image.id) return;
    const place = only !== null && count !== undefined && only < count ? only : null;
    viewer.setPixelPreview(
      version === undefined ? null : { version, only: place, opacity, pixelUm: pixelUm ?? null },
    );
  }, [viewer, image.id, version, pixelUm, count, only, opacity]);
}

function Legend({ classifier }: { classifier: PixelClassifier }) {
  const { preview, only } = usePixels();
  const shown = classifier.classes.filter((_, place) => only === null || only === place);
  return (
    <figure className="pixel-legend" data-testid="pixel-legend" aria-label="Preview of the pixel classifier">
      <figcaption>Pixel classifier {classifier.version}</figcaption>
      {shown.map(({ name, color }) => (
        <div key={name} className="pixel-legend-row">
          <Chip color={color} />
          <span className="ellipsis">{name}</span>
        </div>
      ))}
      <div className="pixel-legend-state" role="status">
        {TOLD[preview] ?? ""}
      </div>
    </figure>
  );
}
