/** From a shape on the screen to an object on the server, and back: selection, saving, undo. */
import { ConnectionError, messageFrom } from "../api/http";
import * as api from "../api/layers";
import type { Annotation, ChangeResult, HistoryState } from "../api/types";
import { parseGeometry, polygonsOf } from "../geometry/geojson";
import type { Box, Polygon } from "../geometry/types";
import { type Fields, idsOf, numbersOf, type Queued } from "../outbox/change";
import type { Outbox } from "../outbox/outbox";
import type { Hit } from "../viewer/objectLayers";
import type { Shown } from "../viewer/overlay";
import type { Viewer } from "../viewer/viewer";
import { type EditorWorld, type Edits, newRef, OWN, partsOf, tell404 } from "./edits";
import { Locals } from "./locals";
import { tell } from "./notices";
import { boxOf, changed, copyOf, localOf, shapeOf } from "./objects";
import { setWorkspace, workspace } from "./workspace";

export class Editor {
  readonly locals: Locals;
  private readonly versions = new Map<number, number>();
  private ownLayerId: string | null = null;
  private pick = 0;
  private travels: Promise<unknown> = Promise.resolve();
  private readonly stopListening: () => void;

  constructor(
    readonly imageId: string,
    readonly viewer: Viewer,
    private readonly world: EditorWorld,
    private readonly outbox: Outbox,
  ) {
    this.locals = new Locals(viewer, () => workspace().plane, world.color);
    this.stopListening = outbox.listen(imageId, { delivered: this.delivered, refused: this.refused });
    void outbox.ready.then(() => {
      for (const queued of outbox.entriesOf(imageId)) this.showQueued(queued);
    });
  }

  close(): void {
    this.stopListening();
  }

  idle = async (): Promise<void> => {
    await this.outbox.idle();
    await this.travels;
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
    const { selection, plane } = workspace();
    const here = selection.filter(({ z, t }) => z === plane.z && t === plane.t);
    const shown = here.flatMap((annotation): Shown[] => {
      const geometry = parseGeometry(annotation.geometry);
      return geometry ? [{ id: annotation.id, geometry }] : [];
    });
    const changeable = new Set(here.filter((one) => this.mayChange(one)).map(({ id }) => id));
    this.viewer.placed = shown.filter(({ id }) => changeable.has(id));
    const [only] = this.viewer.placed;
    const polygons = only && selection.length === 1 ? polygonsOf(only.geometry) : [];
    this.viewer.editTarget = only && polygons.length > 0 ? { id: only.id, polygons } : null;
    this.viewer.setSelection(shown);
    this.locals.show();
  }

  async picked(hit: Hit | null, mode: "replace" | "toggle"): Promise<void> {
    const { selection } = workspace();
    if (!hit) return mode === "replace" ? this.select([]) : undefined;
    if (mode === "toggle" && selection.some(({ id }) => id === hit.id)) {
      return this.select(selection.filter(({ id }) => id !== hit.id));
    }
    if (hit.layerId !== OWN) setWorkspace({ activeLayerId: hit.layerId });
    await this.selectId(hit.id, mode);
  }

  /** Selects an object by its number and, on request, goes there. */
  async selectId(id: number, mode: "replace" | "toggle" = "replace", goes = false): Promise<void> {
    this.pick += 1;
    const pick = this.pick;
    const found = await this.fetched(id);
    if (!found || pick !== this.pick) return;
    const { selection, plane } = workspace();
    if (goes && (found.z !== plane.z || found.t !== plane.t))
      setWorkspace({ plane: { z: found.z, t: found.t } });
    this.select(mode === "toggle" ? [...selection, found] : [found]);
    if (goes) this.viewer.camera.show(boxOf(found));
  }

  /** An object that was clicked and is still on its way is not selected when it comes. */
  forgetPick(): void {
    this.pick += 1;
  }

  /** The object as it is here or on the server; says so where it cannot be had. */
  async fetched(id: number): Promise<Annotation | null> {
    const local = this.locals.get(id);
    if (local) return local;
    try {
      const found = await api.annotation(id);
      // it may have been changed while the answer was on its way
      const isOld = found.version < (this.versions.get(id) ?? 0);
      return this.locals.get(id) ?? (isOld ? await api.annotation(id) : found);
    } catch (error) {
      const message = tell404(error) ? "This object is no longer there." : messageFrom(error);
      tell({ kind: "error", message });
      return null;
    }
  }

  /** The objects whose boxes meet a box, of the shown layers or of those named, in the shown plane. */
  async objectsIn(box: Box, layerIds?: readonly string[]): Promise<Annotation[]> {
    const { plane, layerDisplays } = workspace();
    const shown = this.world.layers().filter(({ id }) => layerDisplays[id]?.isVisible !== false);
    const wanted = layerIds ?? shown.map(({ id }) => id);
    const query = { bbox: box.join(","), ...plane };
    const remote = wanted.filter((id) => id !== OWN);
    const lists = await Promise.all(remote.map((id) => api.annotationsIn(id, query)));
    const meets = ({ bbox: b, z, t, layer_id }: Annotation): boolean =>
      z === plane.z &&
      t === plane.t &&
      (wanted.includes(layer_id) || layer_id === OWN) &&
      b[0] <= box[2] &&
      b[2] >= box[0] &&
      b[1] <= box[3] &&
      b[3] >= box[1];
    return this.locals.merged(lists.flat(), meets);
  }

  // ---- changes

  /** The one way by which objects change: shown at once, saved when the server can be reached, one undo step a layer. */
  change(edits: Edits): Annotation[] {
    const creates = (edits.creates ?? []).map((annotation) => ({ ref: newRef(), annotation }));
    const made = creates.map(({ ref, annotation }) =>
      localOf(ref, edits.layerId ?? this.ownLayerId ?? OWN, annotation),
    );
    const updates = (edits.updates ?? []).filter(({ object, fields }) => this.maySet(object, fields));
    const deletes = (edits.deletes ?? []).filter((object) => this.mayChange(object));
    const left =
      (edits.updates?.length ?? 0) + (edits.deletes?.length ?? 0) - updates.length - deletes.length;
    if (left > 0) this.sayNotChanged(left);
    const after = updates.map(({ object, fields }) => changed(object, fields));
    this.locals.put([...made, ...after]);
    this.locals.erase(deletes.map(({ id }) => id));
    const step = { imageId: this.imageId, own: this.target(edits.layerId), creates, updates, deletes };
    const parts = partsOf(step, {
      target: (object) => this.target(object.layer_id),
      address: (object) => this.address(object),
    });
    for (const part of parts) this.outbox.add(part);
    this.reselect(after, new Set(deletes.map(({ id }) => id)));
    return made;
  }

  reshape(id: number, polygons: readonly Polygon[]): void {
    const object = workspace().selection.find((one) => one.id === id);
    if (!object) return;
    if (polygons.length === 0) this.change({ deletes: [object] });
    else this.change({ updates: [{ object, fields: shapeOf(polygons) }] });
  }

  setTerm(termId: number | null): void {
    const { selection } = workspace();
    // the same class, given by a person, is agreement with what was suggested
    const others = selection.filter(({ term_id, term_score }) => term_id !== termId || term_score !== null);
    this.change({ updates: others.map((object) => ({ object, fields: { term_id: termId } })) });
  }

  deleteSelection(): void {
    this.change({ deletes: workspace().selection });
  }

  /** Locks the selection, or unlocks it where all of it is locked. */
  toggleLock(): void {
    const { selection } = workspace();
    const locked = !selection.every((one) => one.locked);
    const objects = selection.filter((one) => this.isEditable(one.layer_id));
    if (objects.length < selection.length) this.sayNotChanged(selection.length - objects.length);
    this.change({ updates: objects.map((object) => ({ object, fields: { locked } })) });
  }

  /** Whether something was taken back. */
  async undo(): Promise<boolean> {
    const taken = this.outbox.takeBack(this.imageId);
    if (!taken) return this.travel(api.undo);
    this.revert(taken);
    return true;
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

  /** Something that the server did by itself, with what it says about the layers. */
  applied(history: HistoryState): void {
    this.world.historyChanged(history);
    if (history.message) tell({ kind: "info", message: history.message });
    for (const { layer_id, generation, bbox } of history.changed ?? []) {
      this.viewer.layerChanged(layer_id, generation, bbox);
      this.world.layersChanged(layer_id);
    }
    void this.refreshSelection();
  }

  // ---- changes that the server did not take

  /** Saves the user's side over the other one; an object that is gone is made again. */
  async insist(queued: Queued): Promise<void> {
    await this.outbox.insist(queued.key, (id) => {
      const object = this.locals.get(id);
      return object ? copyOf(object) : null;
    });
  }

  discard(queued: Queued): void {
    this.outbox.discard(queued.key);
    this.locals.release(idsOf(queued));
    void this.refreshSelection();
  }

  /** The user's own layer, made or not. */
  get ownLayerIds(): string[] {
    return this.ownLayerId === null ? [OWN] : [this.ownLayerId, OWN];
  }

  isEditable(layerId: string): boolean {
    return (
      this.world.layers().find(({ id }) => id === layerId)?.editable ??
      (layerId === OWN || layerId === this.ownLayerId)
    );
  }

  /** Whether geometry and class may change. */
  mayChange(object: Annotation): boolean {
    return this.isEditable(object.layer_id) && !object.locked;
  }

  private maySet(object: Annotation, fields: Fields): boolean {
    const isNote = !("geometry" in fields || "kind" in fields || "term_id" in fields);
    return isNote ? this.isEditable(object.layer_id) : this.mayChange(object);
  }

  private sayNotChanged(count: number): void {
    const what = count === 1 ? "One object was" : `${count} objects were`;
    const message = `${what} left as they are: locked, or of a layer that you may not change.`;
    tell({ kind: "info", message });
  }

  private target(layerId: string | undefined): string | null {
    return layerId === undefined || layerId === OWN ? this.ownLayerId : layerId;
  }

  private address({ id, version }: Annotation): { id: number; version: number } {
    return { id, version: this.versions.get(id) ?? version };
  }

  private reselect(after: readonly Annotation[], gone: ReadonlySet<number>): void {
    const now = new Map(after.map((one) => [one.id, one]));
    const { selection } = workspace();
    setWorkspace({
      selection: selection.filter(({ id }) => !gone.has(id)).map((one) => now.get(one.id) ?? one),
    });
    this.show();
  }

  private readonly delivered = (queued: Queued, result: ChangeResult, layerId: string): void => {
    if (queued.layerId === null) {
      if (this.ownLayerId === null) this.world.layersChanged(null);
      this.ownLayerId = layerId;
    }
    const numbers = numbersOf(queued, result);
    for (const [id, version] of Object.entries(result.versions)) this.versions.set(Number(id), version);
    this.locals.renumber(numbers, layerId);
    const { selection } = workspace();
    setWorkspace({
      selection: selection.map((one) => {
        const id = numbers.get(one.id) ?? one.id;
        const isOwn = numbers.has(one.id);
        return {
          ...one,
          id,
          layer_id: isOwn ? layerId : one.layer_id,
          version: this.versions.get(id) ?? one.version,
        };
      }),
    });
    if (numbers.size > 0) setWorkspace({ activeLayerId: layerId });
    this.show();
    this.viewer.layerChanged(layerId, result.generation, result.bbox);
    this.world.layersChanged(layerId);
    this.world.historyChanged();
    const ids = idsOf(queued).map((id) => numbers.get(id) ?? id);
    // a layer that was made by this change comes only with the next list of layers
    void this.viewer.drawn(layerId).then(() => this.locals.release(ids.filter((id) => !this.isWaiting(id))));
  };

  private readonly refused = (queued: Queued): void => {
    tell({
      kind: "error",
      title: "Not saved",
      message:
        `${queued.problem?.message ?? ""} Your change is kept: look at “not saved” at the bottom.`.trim(),
    });
  };

  private isWaiting(id: number): boolean {
    return this.outbox.entriesOf(this.imageId).some((queued) => idsOf(queued).includes(id));
  }

  /** What an earlier page left to be sent. */
  private showQueued({ creates, deletes, layerId }: Queued): void {
    this.locals.put(creates.map(({ ref, annotation }) => localOf(ref, layerId ?? OWN, annotation)));
    this.locals.erase(deletes.map(({ id }) => id));
  }

  private revert({ creates, updates, deletes }: Queued): void {
    this.locals.erase(creates.map(({ ref }) => ref));
    this.locals.put(
      updates.flatMap(({ id, before }) => {
        const now = this.locals.get(id);
        return now ? [changed(now, before)] : [];
      }),
    );
    this.locals.release(deletes.map(({ id }) => id));
    this.reselect(this.locals.all, new Set(creates.map(({ ref }) => ref)));
    const done = updates.map(({ id }) => id).filter((id) => !this.isWaiting(id));
    this.locals.release(done);
  }

  private async refreshSelection(): Promise<void> {
    const { selection } = workspace();
    if (selection.length === 0 || this.outbox.waiting > 0) return;
    const fresh = await Promise.all(
      selection
        .slice(0, 50)
        .map(({ id }) => api.annotation(id).catch((error) => (tell404(error) ? null : undefined))),
    );
    if (workspace().selection !== selection) return;
    for (const found of fresh) if (found) this.versions.set(found.id, found.version);
    this.select(selection.flatMap((old, i) => (fresh[i] === null ? [] : [fresh[i] ?? old])));
  }

  /** One step after the other: an undo and a redo that are under way together could change places. */
  private travel(step: (imageId: string) => Promise<HistoryState>): Promise<boolean> {
    const arrival = this.travels.then(() => this.go(step));
    this.travels = arrival;
    return arrival;
  }

  private async go(step: (imageId: string) => Promise<HistoryState>): Promise<boolean> {
    if (workspace().save.state === "offline") {
      tell({
        kind: "info",
        message: "This change is on its way. It can be undone when the connection is back.",
      });
      return false;
    }
    await this.outbox.idle();
    try {
      this.applied(await step(this.imageId));
      return true;
    } catch (error) {
      tell({ kind: error instanceof ConnectionError ? "info" : "error", message: messageFrom(error) });
      return false;
    }
  }
}
