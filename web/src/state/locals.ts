/** Objects as the user left them, shown until the server's tiles show the same. */
import type { Annotation } from "../api/types";
import { parseGeometry } from "../geometry/geojson";
import type { Local } from "../viewer/overlay";
import type { Plane } from "../viewer/picture";

export interface LocalsPicture {
  setLocals(locals: readonly Local[]): void;
  hideIds(ids: readonly number[]): void;
  showIds(ids: readonly number[]): void;
}

export class Locals {
  private readonly objects = new Map<number, Annotation>();
  private readonly deleted = new Set<number>();

  constructor(
    private readonly picture: LocalsPicture,
    private readonly plane: () => Plane,
    private readonly color: (termId: number | null) => string,
  ) {}

  get(id: number): Annotation | undefined {
    return this.objects.get(id);
  }

  isDeleted(id: number): boolean {
    return this.deleted.has(id);
  }

  get all(): readonly Annotation[] {
    return [...this.objects.values()];
  }

  put(annotations: readonly Annotation[]): void {
    for (const one of annotations) {
      this.objects.set(one.id, one);
      this.deleted.delete(one.id);
    }
    this.picture.hideIds(annotations.map(({ id }) => id).filter((id) => id > 0));
    this.show();
  }

  /** Hides objects that are to be deleted. */
  erase(ids: readonly number[]): void {
    for (const id of ids) {
      this.objects.delete(id);
      if (id > 0) this.deleted.add(id);
    }
    this.picture.hideIds(ids.filter((id) => id > 0));
    this.show();
  }

  /** From now on the tiles tell how these objects are. */
  release(ids: readonly number[]): void {
    for (const id of ids) {
      this.objects.delete(id);
      this.deleted.delete(id);
    }
    this.picture.showIds(ids);
    this.show();
  }

  /** Objects that were made now have numbers. */
  renumber(numbers: ReadonlyMap<number, number>, layerId: string): void {
    for (const [ref, id] of numbers) {
      const made = this.objects.get(ref);
      if (!made) continue;
      this.objects.delete(ref);
      this.objects.set(id, { ...made, id, layer_id: layerId });
      this.picture.hideIds([id]);
    }
    this.show();
  }

  /** Objects of a list from the server as they are here, and those that it does not know yet. */
  merged(found: readonly Annotation[], belongs: (annotation: Annotation) => boolean): Annotation[] {
    const known = new Set(found.map(({ id }) => id));
    const kept = found
      .filter(({ id }) => !this.deleted.has(id))
      .map((one) => this.objects.get(one.id) ?? one);
    return [...kept, ...this.all.filter((one) => !known.has(one.id) && belongs(one))];
  }

  show(): void {
    const { z, t } = this.plane();
    const here = this.all.filter((one) => one.z === z && one.t === t);
    this.picture.setLocals(
      here.flatMap((one): Local[] => {
        const geometry = parseGeometry(one.geometry);
        const color = this.color(one.term_id);
        const isPredicted = one.status === "predicted";
        return geometry ? [{ id: one.id, layerId: one.layer_id, geometry, color, isPredicted }] : [];
      }),
    );
  }
}
