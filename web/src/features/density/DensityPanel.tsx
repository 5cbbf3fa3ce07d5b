/** How dense objects are, as a map on the picture. */
import { NumberInput, Select, Slider, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { layersQuery } from "../../api/layers";
import { ontologyQuery } from "../../api/projects";
import { densityScaleQuery } from "../../api/spatial";
import type { DensityScale, Image, Layer } from "../../api/types";
import { RADIUS_RANGE_PX, setDensity, useDensity } from "../../state/density";
import { useWorkspace } from "../../state/workspace";
import { number } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import { HEAT_GRADIENT } from "../../viewer/heat";

interface Props {
  projectId: string;
  image: Image;
  layer: Layer | null;
}

export function DensityPanel({ projectId, image, layer }: Props) {
  const { isOn, termId, opacity } = useDensity();
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  if (!layer || layer.count === 0)
    return (
      <PanelEmpty testId="density-empty">
        There are no objects to map yet. Draw or segment some, or choose another layer at the left.
      </PanelEmpty>
    );
  const classes = (ontology?.terms ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
  return (
    <Stack gap="sm" className="panel" data-testid="density-panel">
      <Switch
        label="Show the density on the picture"
        description={`Of the objects in "${layer.name}".`}
        checked={isOn}
        onChange={({ currentTarget }) => setDensity({ isOn: currentTarget.checked })}
        data-testid="density-on"
      />
      <Select
        label="Class"
        data={[
          { value: "all", label: "All objects" },
          ...classes,
          { value: "0", label: "Objects without a class" },
        ]}
        value={termId === null ? "all" : String(termId)}
        onChange={(value) => setDensity({ termId: value === "all" || value === null ? null : Number(value) })}
        allowDeselect={false}
        data-testid="density-class"
      />
      <RadiusInput image={image} />
      <div>
        <Text size="xs" fw={500}>
          Opacity
        </Text>
        <Slider
          size="sm"
          min={0.1}
          max={1}
          step={0.05}
          label={null}
          value={opacity}
          onChange={(value) => setDensity({ opacity: value })}
          thumbLabel="Opacity of the density map"
        />
      </div>
    </Stack>
  );
}

function RadiusInput({ image }: { image: Image }) {
  const radiusPx = useDensity((s) => s.radiusPx);
  const pixel = image.pixel_width_um ?? 1;
  const [least, most] = RADIUS_RANGE_PX;
  return (
    <NumberInput
      label="Radius of smoothing"
      description="Each object counts around itself, most in the middle."
      suffix={image.pixel_width_um ? " µm" : " px"}
      value={Number((radiusPx * pixel).toPrecision(3))}
      min={least * pixel}
      max={most * pixel}
      step={Number((10 * pixel).toPrecision(1))}
      decimalScale={2}
      onChange={(value) => {
        const px = Number(value) / pixel;
        if (px >= least && px <= most) setDensity({ radiusPx: Number(px.toPrecision(4)) });
      }}
      data-testid="density-radius"
    />
  );
}

function useScale(image: Image): { layer: Layer; scale: DensityScale } | null {
  const { isOn, termId } = useDensity();
  const layerId = useWorkspace((s) => s.activeLayerId);
  const { data: layers } = useQuery(layersQuery(image.id));
  const layer = layers?.find(({ id }) => id === layerId);
  const query = densityScaleQuery(layer?.id ?? "", termId, layer?.generation ?? 0);
  const { data: scale } = useQuery({ ...query, enabled: isOn && layer !== undefined });
  return isOn && layer && scale ? { layer, scale } : null;
}

const unitOf = ({ unit }: DensityScale): string =>
  unit === "1/mm^2" ? "objects per mm²" : "objects per million px";

/** Hands the map to the picture, and says what its colours mean. */
export function DensityLegend({ projectId, image }: { projectId: string; image: Image }) {
  const viewer = useWorkspace((s) => s.viewer);
  const { termId, radiusPx, opacity } = useDensity();
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const found = useScale(image);
  const [layerId, generation, most] = [found?.layer.id, found?.layer.generation, found?.scale.most];
  useEffect(() => {
    if (!viewer || viewer.image.id !== image.id) return;
    const isKnown = layerId !== undefined && generation !== undefined && most !== undefined;
    viewer.setHeat(isKnown ? { layerId, generation, most, termId, radiusPx, opacity } : null);
  }, [viewer, image.id, layerId, generation, most, termId, radiusPx, opacity]);
  if (!found) return null;
  const name = ontology?.terms.find(({ id }) => id === termId)?.name;
  const title = termId === null ? found.layer.name : (name ?? "Without a class");
  return (
    <figure className="heat-legend" data-testid="density-legend" aria-label={`Density of ${title}`}>
      <figcaption>
        <span className="ellipsis">{title}</span> · {unitOf(found.scale)}
      </figcaption>
      <div className="heat-bar" style={{ background: HEAT_GRADIENT }} />
      <div className="heat-ends">
        <span>0</span>
        <span>{number(found.scale.most / 2)}</span>
        <span>≥ {number(found.scale.most)}</span>
      </div>
    </figure>
  );
}
