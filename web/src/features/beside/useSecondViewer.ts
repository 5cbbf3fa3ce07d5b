/** Opens the second picture on its element, and keeps it in step with the first. */
import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useState } from "react";
import { layersQuery } from "../../api/layers";
import { ontologyQuery } from "../../api/projects";
import type { Image } from "../../api/types";
import { useBeside } from "../../state/beside";
import { assistant, prepareAssist } from "../../state/toolOptions";
import { bindWheel } from "../../state/wheel";
import { useWorkspace, workspace } from "../../state/workspace";
import { initialChannels } from "../../viewer/channels";
import { link, placeIn } from "../../viewer/linking";
import type { Plane } from "../../viewer/picture";
import { Viewer } from "../../viewer/viewer";

const planeOf = (image: Image, { z, t }: Plane): Plane => ({
  z: Math.min(z, image.size_z - 1),
  t: Math.min(t, image.size_t - 1),
});

export function useSecondViewer(
  projectId: string,
  first: Image,
  image: Image,
  element: RefObject<HTMLDivElement | null>,
): void {
  const second = useOpened(first, image, element);
  useLinked(second);
  useShown(projectId, image, second);
}

function useOpened(first: Image, image: Image, element: RefObject<HTMLDivElement | null>): Viewer | null {
  const leading = useWorkspace((s) => s.viewer);
  const [second, setSecond] = useState<Viewer | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a renamed image is the same picture
  useEffect(() => {
    if (!element.current || !leading) return;
    const viewer = new Viewer({
      image,
      element: element.current,
      plane: planeOf(image, workspace().plane),
      channels: initialChannels(image),
      place: placeIn(image, leading.camera.currentPlace, first),
      assistant,
      prepareAssist,
    });
    const stop = bindWheel(viewer);
    if (window.cytoloop) window.cytoloop.beside = viewer.map;
    setSecond(viewer);
    return () => {
      stop();
      setSecond(null);
      if (window.cytoloop) delete window.cytoloop.beside;
      viewer.dispose();
    };
  }, [leading, first.id, image.id, element]);
  return second;
}

function useLinked(second: Viewer | null): void {
  const leading = useWorkspace((s) => s.viewer);
  const isLinked = useBeside((s) => s.isLinked);
  useEffect(
    () => (leading && second && isLinked ? link(leading, second) : undefined),
    [leading, second, isLinked],
  );
}

function useShown(projectId: string, image: Image, second: Viewer | null): void {
  const { data: layers } = useQuery(layersQuery(image.id));
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { hiddenLayers, channels } = useBeside();
  const plane = useWorkspace((s) => s.plane);
  useEffect(() => {
    const shown = (layers ?? []).map(({ id, generation }) => ({
      id,
      generation,
      opacity: 1,
      isVisible: !hiddenLayers.includes(id),
    }));
    second?.setLayers(shown);
  }, [second, layers, hiddenLayers]);
  useEffect(() => {
    if (ontology) second?.setRules({ colors: new Map(ontology.terms.map(({ id, color }) => [id, color])) });
  }, [second, ontology]);
  useEffect(() => {
    if (channels) second?.setChannels(channels);
  }, [second, channels]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a renamed image is the same picture
  useEffect(() => second?.setPlane(planeOf(image, plane)), [second, plane]);
}
