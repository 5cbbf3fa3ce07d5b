/** Opens an image in the viewer and keeps viewer, editor, workspace and address in step. */
import type { Image, Layer } from "../api/types";
import type { Outbox } from "../outbox/outbox";
import type { ChannelDisplay } from "../viewer/channels";
import { initialChannels } from "../viewer/channels";
import { Viewer } from "../viewer/viewer";
import { drawn } from "./drawing";
import { Editor } from "./editor";
import type { EditorWorld } from "./edits";
import { tell } from "./notices";
import { classify, selectBox, selectLasso } from "./selecting";
import { splitBy, transform } from "./shaping";
import { assistant, bindToolOptions, prepareAssist } from "./toolOptions";
import { formatUrlState, parseUrlState } from "./urlState";
import { bindWheel } from "./wheel";
import { openWorkspace, SHOWN, setWorkspace, useWorkspace, type Workspace, workspace } from "./workspace";

interface Settings {
  readonly image: Image;
  readonly element: HTMLElement;
  readonly world: EditorWorld;
  readonly outbox: Outbox;
}

export interface Viewing {
  readonly viewer: Viewer;
  readonly editor: Editor;
  close(): void;
}

export function openViewing({ image, element, world, outbox }: Settings): Viewing {
  const asked = parseUrlState(window.location.search);
  const plane = {
    z: Math.min(asked.plane.z, Math.max(0, image.size_z - 1)),
    t: Math.min(asked.plane.t, Math.max(0, image.size_t - 1)),
  };
  const channels = withVisible(initialChannels(image), asked.channels);
  openWorkspace({ plane, channels });
  const viewer = new Viewer({
    image,
    element,
    plane,
    channels,
    place: asked.place,
    assistant,
    prepareAssist,
  });
  const editor = new Editor(image.id, viewer, world, outbox);
  const stops = [
    bindTools(viewer, editor),
    bindWorkspace(viewer, editor),
    bindAddress(viewer),
    bindToolOptions(viewer),
    bindWheel(viewer),
  ];
  setWorkspace({ viewer, editor });
  apply(viewer, workspace());
  return {
    viewer,
    editor,
    close() {
      for (const stop of stops) stop();
      editor.close();
      setWorkspace({ viewer: null, editor: null, selection: [] });
      viewer.dispose();
    },
  };
}

function withVisible(channels: ChannelDisplay[], visible: readonly number[] | null): ChannelDisplay[] {
  return visible === null ? channels : channels.map((c) => ({ ...c, isVisible: visible.includes(c.index) }));
}

function apply(viewer: Viewer, state: Workspace): void {
  viewer.brushRadius = state.brushRadius;
  viewer.setTool(state.tool);
  const { hiddenTerms, isFilled, showsPredictions } = state;
  viewer.setRules({ hiddenTerms: new Set(hiddenTerms), isFilled, showsPredictions });
  viewer.setHidden(state.isHidden);
}

function bindTools(viewer: Viewer, editor: Editor): () => void {
  const { events } = viewer;
  const stops = [
    events.on("drawn", (shape) => drawn(editor, shape)),
    events.on("edited", ({ id, polygons }) => editor.reshape(id, polygons)),
    events.on("picked", ({ hit, mode }) => void editor.picked(hit, mode)),
    events.on("boxed", ({ box, mode }) => void selectBox(editor, box, mode)),
    events.on("lassoed", ({ area, mode }) => void selectLasso(editor, area, mode)),
    events.on("split", (line) => splitBy(editor, line)),
    events.on("replaced", ({ objects, affine }) =>
      transform(
        editor,
        objects.map(({ id }) => id),
        affine,
      ),
    ),
    events.on("classified", (hit) => void classify(editor, hit)),
    events.on("region", (region) =>
      setWorkspace({ region, tool: "move", tab: workspace().tab === "measure" ? "measure" : "segment" }),
    ),
    events.on("said", (message) => tell({ kind: "info", message })),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Each part of the workspace that the picture shows. */
function bindWorkspace(viewer: Viewer, editor: Editor): () => void {
  return useWorkspace.subscribe((now, before) => {
    if (now.viewer !== viewer) return;
    if (now.tool !== before.tool) viewer.setTool(now.tool);
    if (now.brushRadius !== before.brushRadius) viewer.brushRadius = now.brushRadius;
    if (now.plane !== before.plane) {
      viewer.setPlane(now.plane);
      editor.show();
    }
    if (now.channels !== before.channels) viewer.setChannels(now.channels);
    if (now.tone !== before.tone) viewer.setTone(now.tone);
    if (now.view !== before.view) viewer.setView(now.view);
    if (now.region !== before.region) viewer.setRegion(now.region);
    if (now.isHidden !== before.isHidden) viewer.setHidden(now.isHidden);
    if (now.isFilled !== before.isFilled) viewer.setRules({ isFilled: now.isFilled });
    if (now.showsPredictions !== before.showsPredictions)
      viewer.setRules({ showsPredictions: now.showsPredictions });
    if (now.hiddenTerms !== before.hiddenTerms) viewer.setRules({ hiddenTerms: new Set(now.hiddenTerms) });
  });
}

/** Layers as the server lists them, drawn as the workspace says. */
export function showLayers(
  viewer: Viewer,
  layers: readonly Layer[],
  displays: Workspace["layerDisplays"],
): void {
  viewer.setLayers(layers.map(({ id, generation }) => ({ id, generation, ...(displays[id] ?? SHOWN) })));
}

const ADDRESS_DELAY_MS = 250;

function bindAddress(viewer: Viewer): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    const { plane, channels } = workspace();
    window.history.replaceState(null, "", formatUrlState(viewer.camera.currentPlace, plane, channels));
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(write, ADDRESS_DELAY_MS);
  };
  const stopPlace = viewer.events.on("place", later);
  const stopWorkspace = useWorkspace.subscribe((now, before) => {
    if (now.plane !== before.plane || now.channels !== before.channels) later();
  });
  return () => {
    clearTimeout(timer);
    stopPlace();
    stopWorkspace();
  };
}
