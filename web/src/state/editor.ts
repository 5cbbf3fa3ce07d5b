/** From a shape on the screen to an object on the server, and back: selection, saving, undo. */
import { ApiError, messageFrom } from "../api/http";
import * as api from "../api/layers";
import { SaveQueue, type SaveState } from "../api/saveQueue";
import type {
  Annotation,
  AnnotationUpdate,
  ChangeRequest,
  ChangeResult,
  HistoryState,
  Layer,
} from "../api/types";
import { geometryOf, parseGeometry, polygonsOf } from "../geometry/geojson";
import type { Box, Polygon } from "../geometry/types";
import type { Shown } from "../viewer/overlay";
import type { Drawn } from "../viewer/tools/tool";
import type { Hit, Viewer } from "../viewer/viewer";
import { tell } from "./notices";
import { setWorkspace, workspace } from "./workspace";

/** More objects than this are not held and drawn one by one. */
const MOST_SELECTED = 2000;

export interface EditorWorld {
  /** The layers of the image as last fetched. */
  layers(): readonly Layer[];
  color(termId: number | null): string;
  /** A layer came, went or changed: lists and tables are out of date. */
  layersChanged(layerId: string | null): void;
  historyChanged(history?: HistoryState): void;
}

const tell404 = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

export class Editor {
  readonly queue: SaveQueue;
  private readonly versions = new Map<number, number>();
  private ownLayerId: string | null = null;
  private pick = 0;

  constructor(
    private readonly imageId: string,
    private readonly viewer: Viewer,
    private readonly world: EditorWorld,
  ) {
    this.queue = new SaveQueue({ post: api.postChanges, onState: this.showState });
  }

  idle = async (): Promise<void> => {
    await this.queue.idle();
    await this.viewer.idle();
  };

  // ---- selection

  select(annotations: readonly Annotation[]): void {
    for (const { id, version } of annotations) {
      this.versions.set(id, Math.max(version, this.versions.get(id) ?? 0));
    }
    setWorkspace({ selection: annotations });
    this.show();
  }

  /** Draws the selection as it is in the workspace. */
  show(): void {
    const { selection } = workspace();
    const shown = selection.flatMap((annotation): Shown[] => {
      const geometry = parseGeometry(annotation.geometry);
      const { plane } = workspace();
      const isHere = annotation.z === plane.z && annotation.t === plane.t;
      return geometry && isHere ? [{ id: annotation.id, geometry }] : [];
    });
    const [only] = selection;
    const polygons = shown[0] && shown.length === 1 ? polygonsOf(shown[0].geometry) : [];
    const isEditable =
      selection.length === 1 && polygons.length > 0 && only && this.isEditable(only.layer_id);
    this.viewer.editTarget = isEditable ? { id: only.id, polygons } : null;
    this.viewer.setSelection(shown);
  }

  async picked(hit: Hit | null, mode: "replace" | "toggle"): Promise<void> {
    const { selection } = workspace();
    if (!hit) return mode === "replace" ? this.select([]) : undefined;
    if (mode === "toggle" && selection.some(({ id }) => id === hit.id)) {
      return this.select(selection.filter(({ id }) => id !== hit.id));
    }
    setWorkspace({ activeLayerId: hit.layerId });
    await this.selectId(hit.id, mode);
  }

  /** Selects an object by its number and, on request, goes there. */
  async selectId(id: number, mode: "replace" | "toggle" = "replace", goes = false): Promise<void> {
    this.pick += 1;
    const pick = this.pick;
    try {
      const found = await api.annotation(id);
      if (pick !== this.pick) return;
      const { selection, plane } = workspace();
      if (goes && (found.z !== plane.z || found.t !== plane.t))
        setWorkspace({ plane: { z: found.z, t: found.t } });
      this.select(mode === "toggle" ? [...selection, found] : [found]);
      if (goes) this.viewer.show(boxOf(found));
    } catch (error) {
      tell({
        kind: "error",
        message: tell404(error) ? "This object is no longer there." : messageFrom(error),
      });
    }
  }

  async selectBox(box: Box, mode: "replace" | "toggle"): Promise<void> {
    const { plane, layerDisplays, selection } = workspace();
    const layers = this.world.layers().filter(({ id }) => layerDisplays[id]?.isVisible !== false);
    const query = { bbox: box.join(","), ...plane };
    const lists = await Promise.all(layers.map(({ id }) => api.annotationsIn(id, query)));
    const found = lists
      .flat()
      .filter(({ bbox: b }) => b[0] >= box[0] && b[1] >= box[1] && b[2] <= box[2] && b[3] <= box[3]);
    if (found.length > MOST_SELECTED) {
      tell({
        kind: "info",
        message: `${found.length} objects are too many to select at once. Draw a smaller box.`,
      });
      return;
    }
    const kept = mode === "toggle" ? selection.filter(({ id }) => !found.some((f) => f.id === id)) : [];
    this.select([...kept, ...found]);
  }

  // ---- changes

  create({ kind, geometry }: Drawn): void {
    const { activeTermId: term_id, plane } = workspace();
    const removePending = this.viewer.addPending(geometry, this.world.color(term_id));
    const created = { kind, geometry: { ...geometry }, term_id, ...plane, status: "accepted" as const };
    this.queue.add({
      layerId: () => this.ownLayer(),
      change: () => ({ creates: [created] }),
      done: async (result, layerId) => {
        this.saved(layerId, result, removePending);
        setWorkspace({ activeLayerId: layerId });
        const [id] = result.created_ids;
        if (id !== undefined && workspace().selection.length <= 1) await this.selectId(id);
      },
      refused: (error) => {
        removePending();
        tell({ kind: "error", title: "Not saved", message: messageFrom(error) });
      },
    });
  }

  reshape(id: number, polygons: readonly Polygon[]): void {
    if (polygons.length === 0) return this.deleteSelection();
    const geometry = geometryOf(polygons);
    const kind = polygons.length > 1 ? ("multipolygon" as const) : ("polygon" as const);
    this.update([id], () => ({ geometry: { ...geometry }, kind }), { geometry: { ...geometry }, kind });
  }

  setTerm(termId: number | null): void {
    const { selection } = workspace();
    const editable = selection.filter(({ layer_id }) => this.isEditable(layer_id));
    if (editable.length < selection.length) this.sayNotEditable();
    const ids = editable.map(({ id }) => id);
    this.update(ids, () => ({ term_id: termId }), { term_id: termId });
  }

  deleteSelection(): void {
    const { selection } = workspace();
    for (const [layerId, group] of this.byLayer(selection)) {
      const ids = group.map(({ id }) => id);
      this.viewer.hideIds(ids);
      this.send(layerId, ids, () => ({ deletes: ids.map((id) => ({ id, version: this.versionOf(id) })) }));
    }
    this.select(selection.filter(({ layer_id }) => !this.isEditable(layer_id)));
  }

  async undo(): Promise<void> {
    await this.travel(api.undo);
  }

  async redo(): Promise<void> {
    await this.travel(api.redo);
  }

  /** Someone changed a layer, perhaps this user: fetches the tiles and what is selected of it. */
  layerChanged(layerId: string, generation: number, box: Box | null): void {
    if (!this.viewer.layerChanged(layerId, generation, box)) return;
    this.world.layersChanged(layerId);
    if (workspace().selection.some(({ layer_id }) => layer_id === layerId)) void this.refreshSelection();
  }

  // ---- inside

  private readonly showState = (state: SaveState, waiting: number): void => {
    setWorkspace({ save: { state, waiting } });
  };

  private isEditable(layerId: string): boolean {
    return this.world.layers().find(({ id }) => id === layerId)?.editable ?? layerId === this.ownLayerId;
  }

  private sayNotEditable(): void {
    tell({ kind: "info", message: "You may not change objects of this layer." });
  }

  private versionOf(id: number): number {
    return this.versions.get(id) ?? 1;
  }

  private byLayer(annotations: readonly Annotation[]): Map<string, Annotation[]> {
    const groups = new Map<string, Annotation[]>();
    for (const annotation of annotations) {
      if (!this.isEditable(annotation.layer_id)) {
        this.sayNotEditable();
        continue;
      }
      groups.set(annotation.layer_id, [...(groups.get(annotation.layer_id) ?? []), annotation]);
    }
    return groups;
  }

  private async ownLayer(): Promise<string> {
    if (this.ownLayerId === null) {
      const layer = await api.ownLayer(this.imageId);
      this.ownLayerId = layer.id;
      this.world.layersChanged(null);
    }
    return this.ownLayerId;
  }

  /** Shows the change at once, hides the old outline in the tiles, and saves. */
  private update(
    ids: readonly number[],
    change: () => Partial<AnnotationUpdate>,
    shown: Partial<Annotation>,
  ): void {
    const { selection } = workspace();
    const changed = selection.filter(({ id }) => ids.includes(id));
    for (const [layerId, group] of this.byLayer(changed)) {
      const groupIds = group.map(({ id }) => id);
      this.viewer.hideIds(groupIds);
      this.send(layerId, groupIds, () => ({
        updates: groupIds.map((id) => ({ id, version: this.versionOf(id), ...change() })),
      }));
    }
    setWorkspace({ selection: selection.map((a) => (ids.includes(a.id) ? { ...a, ...shown } : a)) });
    this.show();
  }

  private send(layerId: string, ids: readonly number[], change: () => ChangeRequest): void {
    this.queue.add({
      layerId: () => Promise.resolve(layerId),
      change,
      done: (result) => this.saved(layerId, result, () => this.viewer.showIds(ids)),
      refused: (error) => this.refused(error, ids),
    });
  }

  private saved(layerId: string, result: ChangeResult, whenShown: () => void): void {
    for (const [id, version] of Object.entries(result.versions)) this.versions.set(Number(id), version);
    const { selection } = workspace();
    setWorkspace({
      selection: selection.map((a) => ({ ...a, version: this.versions.get(a.id) ?? a.version })),
    });
    this.viewer.layerChanged(layerId, result.generation, result.bbox);
    this.world.layersChanged(layerId);
    this.world.historyChanged();
    void this.viewer.idle().then(whenShown);
  }

  private async refused(error: unknown, ids: readonly number[]): Promise<void> {
    this.viewer.showIds(ids);
    const isStale = error instanceof ApiError && error.status === 409;
    const message = isStale
      ? "Someone else changed this object meanwhile. It was loaded again; repeat your change if it is still needed."
      : messageFrom(error);
    tell({ kind: "error", title: "Not saved", message });
    await this.refreshSelection();
  }

  private async refreshSelection(): Promise<void> {
    const { selection } = workspace();
    if (selection.length === 0 || this.queue.waiting > 1) return;
    const fresh = await Promise.all(
      selection
        .slice(0, 50)
        .map(({ id }) => api.annotation(id).catch((error) => (tell404(error) ? null : undefined))),
    );
    if (workspace().selection !== selection) return;
    for (const found of fresh) if (found) this.versions.set(found.id, found.version);
    this.select(selection.flatMap((old, i) => (fresh[i] === null ? [] : [fresh[i] ?? old])));
  }

  private async travel(step: (imageId: string) => Promise<HistoryState>): Promise<void> {
    await this.queue.idle();
    try {
      const history = await step(this.imageId);
      this.world.historyChanged(history);
      for (const { layer_id, generation, bbox } of history.changed ?? []) {
        this.viewer.layerChanged(layer_id, generation, bbox);
        this.world.layersChanged(layer_id);
      }
      await this.refreshSelection();
    } catch (error) {
      tell({ kind: "error", message: messageFrom(error) });
    }
  }
}

const boxOf = ({ bbox: [x0, y0, x1, y1] }: Annotation): Box => [x0, y0, x1, y1];
