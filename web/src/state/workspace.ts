/** What the viewer page shows and which tool is in hand. Nothing here comes from the server. */
import { create } from "zustand";
import type { Annotation } from "../api/types";
import type { Geometry } from "../geometry/types";
import type { OutboxState } from "../outbox/outbox";
import { AS_RECORDED, type PictureView } from "../pixels/stains";
import type { ChannelDisplay } from "../viewer/channels";
import type { Plane, Tone } from "../viewer/picture";
import type { ToolName } from "../viewer/tools/tool";
import type { Viewer } from "../viewer/viewer";
import type { Editor } from "./editor";

export interface LayerDisplay {
  readonly isVisible: boolean;
  readonly opacity: number;
}

export const SHOWN: LayerDisplay = { isVisible: true, opacity: 1 };

export const ANNOTATION_TYPES = ["instance", "semantic", "box"] as const;
export type AnnotationType = (typeof ANNOTATION_TYPES)[number];

export type SideTab =
  | "objects"
  | "gallery"
  | "review"
  | "classify"
  | "pixels"
  | "landmarks"
  | "measure"
  | "segment"
  | "history"
  | "display"
  | "info";

export interface Workspace {
  viewer: Viewer | null;
  editor: Editor | null;
  tool: ToolName;
  brushRadius: number;
  plane: Plane;
  channels: readonly ChannelDisplay[];
  tone: Tone;
  /** Which view of a picture in colour is shown. */
  view: PictureView;
  selection: readonly Annotation[];
  activeTermId: number | null;
  /** The layer whose objects and measurements are listed. */
  activeLayerId: string | null;
  /** Layers that the user asked to see; the one of the open image becomes active when it is listed. */
  wantedLayerIds: readonly string[];
  layerDisplays: Readonly<Record<string, LayerDisplay>>;
  hiddenTerms: readonly number[];
  isHidden: boolean;
  isFilled: boolean;
  region: Geometry | null;
  save: OutboxState;
  /** What drawn areas become: objects, painted class regions, or bounding boxes. */
  annotationType: AnnotationType;
  /** Whether predictions are drawn. */
  showsPredictions: boolean;
  /** Whether orthogonal views of a stack are shown. */
  showsCuts: boolean;
  tab: SideTab;
  /** The method chosen in the Segment panel; the server's first unless one was chosen. */
  method: string | null;
  /** The comparison of methods on the screen: a job's id, or a new one. */
  comparison: string | "new" | null;
  /** The fine-tuning of a model on the screen: a job's id, or a new one. */
  tuning: string | "new" | null;
}

const INITIAL: Workspace = {
  viewer: null,
  editor: null,
  tool: "move",
  brushRadius: 16,
  plane: { z: 0, t: 0 },
  channels: [],
  tone: { brightness: 1, contrast: 1 },
  view: AS_RECORDED,
  selection: [],
  activeTermId: null,
  activeLayerId: null,
  wantedLayerIds: [],
  layerDisplays: {},
  hiddenTerms: [],
  isHidden: false,
  isFilled: true,
  region: null,
  save: { state: "saved", waiting: 0, stuck: [] },
  annotationType: "instance",
  showsPredictions: true,
  showsCuts: false,
  tab: "objects",
  method: null,
  comparison: null,
  tuning: null,
};

export const useWorkspace = create<Workspace>()(() => INITIAL);

export const workspace = (): Workspace => useWorkspace.getState();

export const setWorkspace = (change: Partial<Workspace>): void => useWorkspace.setState(change);

/** For another image: the tool, the classes and how objects are drawn stay as they are. */
export function openWorkspace(change: Pick<Workspace, "plane" | "channels">): void {
  const { selection, activeLayerId, layerDisplays, region, tone, view } = INITIAL;
  setWorkspace({ selection, activeLayerId, layerDisplays, region, tone, view, ...change });
}

export function setLayerDisplay(layerId: string, change: Partial<LayerDisplay>): void {
  const { layerDisplays } = workspace();
  const display = { ...(layerDisplays[layerId] ?? SHOWN), ...change };
  setWorkspace({ layerDisplays: { ...layerDisplays, [layerId]: display } });
}

export function toggleTermHidden(termId: number): void {
  const { hiddenTerms } = workspace();
  setWorkspace({
    hiddenTerms: hiddenTerms.includes(termId)
      ? hiddenTerms.filter((id) => id !== termId)
      : [...hiddenTerms, termId],
  });
}

export const MIN_BRUSH = 2;
export const MAX_BRUSH = 150;

export function setBrushRadius(radius: number): void {
  setWorkspace({ brushRadius: Math.round(Math.min(MAX_BRUSH, Math.max(MIN_BRUSH, radius))) });
}

/** Keeps the listed layer one that exists: the wanted one, else the present one, else the fullest. */
export function settleActiveLayer(layers: readonly { id: string; count: number }[]): void {
  const { activeLayerId, wantedLayerIds } = workspace();
  const wanted = layers.find(({ id }) => wantedLayerIds.includes(id));
  if (wanted) setWorkspace({ activeLayerId: wanted.id, wantedLayerIds: [] });
  else if (!layers.some(({ id }) => id === activeLayerId)) {
    const fullest = layers.toSorted((a, b) => b.count - a.count)[0];
    setWorkspace({ activeLayerId: fullest?.id ?? null });
  }
}
