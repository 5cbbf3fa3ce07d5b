/** The annotation layers on the map, in order, and which of their objects is at a place. */
import type OlMap from "ol/Map";
import type { Image } from "../api/types";
import type { Box } from "../geometry/types";
import { ObjectLayer } from "./objectLayer";
import { HOLDS_LOCALS } from "./overlay";
import type { Plane } from "./picture";
import { DEFAULT_RULES, type StyleRules } from "./styles";

export interface Hit {
  readonly id: number;
  readonly layerId: string;
}

export interface LayerView {
  readonly id: string;
  readonly generation: number;
  readonly isVisible: boolean;
  readonly opacity: number;
}

/** How far beside an object a click still means it, screen pixels. */
const HIT_TOLERANCE_PX = 4;

export class ObjectLayers {
  private readonly layers = new Map<string, ObjectLayer>();
  private views: readonly LayerView[] = [];
  private rules: StyleRules = DEFAULT_RULES;
  private isHidden = false;

  constructor(
    private readonly map: OlMap,
    private readonly image: Image,
    private plane: Plane,
  ) {}

  dispose(): void {
    for (const layer of this.layers.values()) layer.dispose();
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    for (const layer of this.layers.values()) layer.setPlane(plane);
  }

  set(views: readonly LayerView[]): void {
    this.views = views;
    const wanted = new Set(views.map(({ id }) => id));
    for (const [id, layer] of this.layers) if (!wanted.has(id)) this.drop(id, layer);
    views.forEach((view, index) => {
      const layer = this.layers.get(view.id) ?? this.add(view.id, view.generation);
      layer.update(view.generation, null);
      layer.setVisible(view.isVisible && !this.isHidden);
      layer.setOpacity(view.opacity);
      for (const part of layer.layers) part.setZIndex(10 + index);
    });
  }

  setHidden(isHidden: boolean): void {
    this.isHidden = isHidden;
    this.set(
      this.views.map((v) => ({ ...v, generation: this.layers.get(v.id)?.generation ?? v.generation })),
    );
  }

  holds(id: string): boolean {
    return this.layers.has(id);
  }

  /** A layer changed on the server, or by an answer to a save. */
  changed(id: string, generation: number, box: Box | null): boolean {
    return this.layers.get(id)?.update(generation, box) ?? false;
  }

  setRules(rules: Partial<StyleRules>): void {
    this.rules = { ...this.rules, ...rules };
    for (const layer of this.layers.values()) layer.restyle();
  }

  hideIds(ids: readonly number[]): void {
    if (ids.length > 0) this.setRules({ hiddenIds: new Set([...this.rules.hiddenIds, ...ids]) });
  }

  showIds(ids: readonly number[]): void {
    const hiddenIds = new Set(this.rules.hiddenIds);
    const before = hiddenIds.size;
    for (const id of ids) hiddenIds.delete(id);
    if (hiddenIds.size !== before) this.setRules({ hiddenIds });
  }

  /** The topmost object at a place, in the tiles or among those that the tiles do not show yet. */
  hitAt(pixel: readonly [number, number]): Hit | null {
    const found = this.map.forEachFeatureAtPixel(
      [...pixel],
      (feature, layer): Hit | undefined => {
        const id = Number(feature.getId());
        const layerId: unknown = layer?.get("objectLayerId") ?? feature.get("objectLayerId");
        if (typeof layerId !== "string" || feature.get("layer") !== "objects" || Number.isNaN(id))
          return undefined;
        return { id, layerId };
      },
      {
        hitTolerance: HIT_TOLERANCE_PX,
        layerFilter: (layer) => layer.get("objectLayerId") !== undefined || layer.get(HOLDS_LOCALS) === true,
      },
    );
    return found ?? null;
  }

  /** Of all layers together, where objects are too many to be shown one by one. */
  crowdAt(coordinate: readonly [number, number]): [term: number, count: number][] {
    const resolution = this.map.getView().getResolution() ?? 1;
    const sums = new Map<number, number>();
    for (const { id, isVisible } of this.isHidden ? [] : this.views)
      for (const [term, count] of (isVisible && this.layers.get(id)?.crowdAt(coordinate, resolution)) || [])
        sums.set(term, (sums.get(term) ?? 0) + count);
    return [...sums].toSorted((a, b) => b[1] - a[1]);
  }

  private add(id: string, generation: number): ObjectLayer {
    const layer = new ObjectLayer(this.image, id, this.plane, generation, () => this.rules);
    this.layers.set(id, layer);
    for (const part of layer.layers) this.map.addLayer(part);
    return layer;
  }

  private drop(id: string, layer: ObjectLayer): void {
    for (const part of layer.layers) this.map.removeLayer(part);
    layer.dispose();
    this.layers.delete(id);
  }
}
