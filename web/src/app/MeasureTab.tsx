/** What can be measured: each object, what lies in regions, distances, density. */
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { imagesQuery } from "../api/images";
import { ontologyQuery } from "../api/projects";
import type { Image, Layer } from "../api/types";
import { DensityPanel } from "../features/density/DensityPanel";
import { MeasurePanel } from "../features/measure/MeasurePanel";
import { BulkMenu } from "../features/objects/BulkMenu";
import { NeighboursPanel } from "../features/spatial/NeighboursPanel";
import { RegionsPanel } from "../features/spatial/RegionsPanel";

const PARTS = ["Objects", "Regions", "Distances", "Density"] as const;

interface Props {
  projectId: string;
  image: Image;
  layer: Layer | null;
  layers: readonly Layer[];
  mayRun: boolean;
  mayManage: boolean;
}

export function MeasureTab({ projectId, image, layer, layers, mayRun, mayManage }: Props) {
  const [part, setPart] = useState<(typeof PARTS)[number]>("Objects");
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: images } = useQuery(imagesQuery(projectId));
  const spatial = { layer, layers, terms: ontology?.terms ?? [] };
  return (
    <>
      <SegmentedControl
        fullWidth
        size="xs"
        m="sm"
        mb={0}
        aria-label="What to measure"
        data={[...PARTS]}
        value={part}
        onChange={setPart}
        data-testid="measure-part"
      />
      {part === "Objects" ? (
        <MeasurePanel
          projectId={projectId}
          layer={layer}
          mayRun={mayRun}
          mayManage={mayManage}
          imageCount={images?.length ?? 1}
          actions={(shown, terms) => (
            <BulkMenu
              layer={shown}
              others={layers.filter(({ id }) => id !== shown.id)}
              terms={terms}
              total={0}
            />
          )}
        />
      ) : null}
      {part === "Regions" ? <RegionsPanel {...spatial} /> : null}
      {part === "Distances" ? <NeighboursPanel {...spatial} /> : null}
      {part === "Density" ? <DensityPanel projectId={projectId} image={image} layer={layer} /> : null}
    </>
  );
}
