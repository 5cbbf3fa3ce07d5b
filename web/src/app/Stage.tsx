/** The picture: opens the viewer on its element and hands it what the server lists. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { layerKeys, layersQuery } from "../api/layers";
import { measurementKeys } from "../api/measurements";
import { ontologyQuery } from "../api/projects";
import { sessionQuery } from "../api/session";
import type { Image, Layer, Ontology, Session } from "../api/types";
import { Toolbar } from "../features/annotate/Toolbar";
import { ToolOptions } from "../features/annotate/ToolOptions";
import { BesideEdge, BesideView } from "../features/beside/BesideView";
import { DensityLegend } from "../features/density/DensityPanel";
import { ArrivalNotice } from "../features/images/ArrivalNotice";
import { OrthoViews } from "../features/images/OrthoViews";
import { Overview } from "../features/images/Overview";
import { PlaneSliders, ScaleBar, ViewControls } from "../features/images/StageOverlays";
import { PixelLegend } from "../features/pixels/PixelLegend";
import { useBeside } from "../state/beside";
import { isUnkept, outboxOf } from "../state/saving";
import { openViewing, showLayers } from "../state/viewing";
import { settleActiveLayer, useWorkspace } from "../state/workspace";
import { UNCLASSIFIED } from "../viewer/styles";

interface StageProps {
  projectId: string;
  image: Image;
  mayDraw: boolean;
}

export function Stage({ projectId, image, mayDraw }: StageProps) {
  const element = useRef<HTMLDivElement>(null);
  useViewing(projectId, image, element);
  useLayers(image);
  useColors(projectId);
  const { isOpen, share } = useBeside();
  const columns = isOpen ? `minmax(0, ${share}fr) 9px minmax(0, ${1 - share}fr)` : "minmax(0, 1fr)";
  return (
    <div className="stage-pair" style={{ gridTemplateColumns: columns }}>
      <section className="stage" aria-label="Image" data-testid="viewer" data-image-id={image.id}>
        <div
          ref={element}
          className="stage-map"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the picture takes keys
          tabIndex={0}
          role="application"
          aria-label={`Picture of ${image.name}`}
        />
        <Toolbar imageId={image.id} mayDraw={mayDraw} />
        <ToolOptions />
        <div className="stage-corner" style={{ top: 10, right: 10 }}>
          <ViewControls image={image} />
          <Overview image={image} />
        </div>
        <ScaleBar image={image} />
        <ArrivalNotice image={image} />
        <DensityLegend projectId={projectId} image={image} />
        <PixelLegend projectId={projectId} image={image} />
        <PlaneSliders image={image} />
        <OrthoViews image={image} />
      </section>
      {isOpen ? <BesideEdge /> : null}
      {isOpen ? <BesideView projectId={projectId} image={image} /> : null}
    </div>
  );
}

type ElementRef = React.RefObject<HTMLDivElement | null>;

function useViewing(projectId: string, image: Image, element: ElementRef): void {
  const client = useQueryClient();
  // a renamed image is the same picture: only another one opens the viewer anew
  const opened = useRef(image);
  useEffect(() => {
    const { current: shown } = opened;
    if (!element.current) return;
    const colors = () => client.getQueryData<Ontology>(ontologyQuery(projectId).queryKey)?.terms ?? [];
    const userId = client.getQueryData<Session>(sessionQuery.queryKey)?.user?.id ?? 0;
    const viewing = openViewing({
      outbox: outboxOf(userId),
      image: shown,
      element: element.current,
      world: {
        layers: () => client.getQueryData<Layer[]>(layerKeys.list(shown.id)) ?? [],
        color: (termId) => colors().find(({ id }) => id === termId)?.color ?? UNCLASSIFIED,
        layersChanged: (layerId) => {
          void client.invalidateQueries({ queryKey: layerKeys.list(shown.id) });
          if (layerId) void client.invalidateQueries({ queryKey: measurementKeys.layer(layerId) });
        },
        historyChanged: (history) => {
          if (history) client.setQueryData(layerKeys.history(shown.id), history);
          else void client.invalidateQueries({ queryKey: layerKeys.history(shown.id) });
        },
      },
    });
    window.cytoloop = { ...window.cytoloop, map: viewing.viewer.map, idle: viewing.editor.idle };
    const keep = (event: BeforeUnloadEvent) => isUnkept() && event.preventDefault();
    window.addEventListener("beforeunload", keep);
    return () => {
      window.removeEventListener("beforeunload", keep);
      viewing.close();
    };
  }, [client, projectId, element]);
}

function useLayers(image: Image): void {
  const viewer = useWorkspace((s) => s.viewer);
  const displays = useWorkspace((s) => s.layerDisplays);
  const wanted = useWorkspace((s) => s.wantedLayerIds);
  const { data: layers } = useQuery(layersQuery(image.id));
  useEffect(() => {
    if (viewer && layers && viewer.image.id === image.id) showLayers(viewer, layers, displays);
  }, [viewer, layers, displays, image.id]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a wish may come after the layers
  useEffect(() => {
    if (layers) settleActiveLayer(layers);
  }, [layers, wanted]);
}

function useColors(projectId: string): void {
  const viewer = useWorkspace((s) => s.viewer);
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  useEffect(() => {
    if (ontology) viewer?.setRules({ colors: new Map(ontology.terms.map(({ id, color }) => [id, color])) });
  }, [viewer, ontology]);
}
