/** The few shapes that are not tiles: selection, unsaved objects, the shape being drawn, the region. */
import Feature, { type FeatureLike } from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import {
  Circle,
  LineString,
  MultiPoint,
  MultiPolygon,
  type Geometry as OlGeometry,
  Point as OlPoint,
} from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import type Style from "ol/style/Style";
import type { StyleLike } from "ol/style/Style";
import { geometryOf } from "../geometry/geojson";
import type { Geometry, Point, Polygon } from "../geometry/types";
import { toMap } from "./space";
import {
  dashedStyle,
  handleStyle,
  labelStyle,
  pendingStyle,
  pointedStyle,
  regionStyle,
  selectedStyle,
  sketchStyle,
} from "./styles";
import type { Sketch } from "./tools/tool";

/** Beyond this many corners an outline is corrected with the brush, not corner by corner. */
export const MOST_HANDLES = 400;

const format = new GeoJSON();

function olGeometry(geometry: Geometry): OlGeometry {
  const made = format.readGeometry(geometry) as OlGeometry;
  made.applyTransform((input, output = [], dimension = 2) => {
    for (let i = 0; i < input.length; i += dimension) {
      output[i] = input[i] ?? 0;
      output[i + 1] = -(input[i + 1] ?? 0);
    }
    return output;
  });
  return made;
}

const polygonGeometry = (polygons: readonly Polygon[]): OlGeometry =>
  polygons.length === 0 ? new MultiPolygon([]) : olGeometry(geometryOf(polygons));

function layerWith(
  style: StyleLike,
  zIndex: number,
  properties: Record<string, unknown> = {},
): VectorLayer<VectorSource> {
  return new VectorLayer({
    source: new VectorSource({ wrapX: false }),
    style,
    zIndex,
    properties,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
  });
}

export interface Shown {
  readonly id: number;
  readonly geometry: Geometry;
}

/** An object that is not in the tiles yet, or differs from what they show. */
export interface Local extends Shown {
  readonly layerId: string;
  readonly color: string;
  readonly isPredicted: boolean;
}

/** A name beside a point. */
export interface PointName {
  readonly text: string;
  readonly at: Point;
  readonly isSuggested: boolean;
}

/** Property of the map's layer with the objects that the tiles do not show yet. */
export const HOLDS_LOCALS = "holdsLocals";

export class Overlay {
  private readonly region = layerWith(regionStyle(), 900);
  private readonly pending = layerWith((feature) => feature.get("style"), 910, { [HOLDS_LOCALS]: true });
  private readonly selection = layerWith(selectedStyle(true), 920);
  private readonly handles = layerWith(handlesWhereTheyFit, 930);
  private readonly names = layerWith((feature) => feature.get("style"), 932, { name: "names" });
  private readonly pointed = layerWith(pointedStyle(), 935, { name: "pointed" });
  private readonly drawing = layerWith(sketchStyle(), 940);
  private readonly tip = layerWith(sketchStyle(), 950);
  readonly layers = [
    this.region,
    this.pending,
    this.selection,
    this.handles,
    this.names,
    this.pointed,
    this.drawing,
    this.tip,
  ];
  private shown: readonly Shown[] = [];
  private withHandles = false;

  setSelection(shown: readonly Shown[], withHandles: boolean): void {
    this.shown = shown;
    this.withHandles = withHandles;
    replace(
      this.selection,
      shown.map(({ geometry }) => olGeometry(geometry)),
    );
    this.showHandles(shown.length === 1 ? shown[0]?.geometry : undefined);
  }

  /** Another outline for the one selected object, until null. */
  setPreview(polygons: readonly Polygon[] | null): void {
    if (polygons === null) return this.setSelection(this.shown, this.withHandles);
    replace(this.selection, [polygonGeometry(polygons)]);
    this.showHandles(geometryOf(polygons));
  }

  setFilled(isFilled: boolean): void {
    this.selection.setStyle(selectedStyle(isFilled));
  }

  setPointed(geometry: Geometry | null): void {
    replace(this.pointed, geometry ? [olGeometry(geometry)] : []);
  }

  setNames(names: readonly PointName[]): void {
    const source = this.names.getSource();
    source?.clear(true);
    source?.addFeatures(
      names.map(({ text, at, isSuggested }) => {
        const feature = new Feature(new OlPoint(toMap(at)));
        feature.set("style", labelStyle(text, isSuggested ? "italic" : "normal"));
        return feature;
      }),
    );
  }

  setRegion(geometry: Geometry | null): void {
    replace(this.region, geometry ? [olGeometry(geometry)] : []);
  }

  /** Other geometries for the selected objects, until `setPreview(null)`. */
  setPreviews(geometries: readonly Geometry[]): void {
    replace(this.selection, geometries.map(olGeometry));
    this.showHandles(undefined);
  }

  setSketch(shape: Sketch | null): void {
    const made: OlGeometry[] = [];
    if (shape?.open) made.push(new LineString(shape.open.map(toMap)));
    if (shape?.closed) made.push(polygonGeometry(shape.closed));
    replace(this.drawing, made);
    if (shape?.dashed && shape.dashed.length > 0)
      this.addStyled(polygonGeometry(shape.dashed), dashedStyle());
    if (shape?.handles) this.addStyled(new MultiPoint(shape.handles.map(toMap)), HANDLES);
    if (shape?.label) this.addStyled(new OlPoint(toMap(shape.label.at)), labelStyle(shape.label.text));
  }

  private addStyled(geometry: OlGeometry, style: Style | Style[]): void {
    const feature = new Feature(geometry);
    feature.setStyle(style);
    this.drawing.getSource()?.addFeature(feature);
  }

  setTip(circle: { at: Point; radius: number } | null): void {
    replace(this.tip, circle ? [new Circle(toMap(circle.at), circle.radius)] : []);
  }

  setLocals(locals: readonly Local[]): void {
    const features = locals.map(({ id, layerId, geometry, color, isPredicted }) => {
      const feature = new Feature({
        geometry: olGeometry(geometry),
        layer: "objects",
        objectLayerId: layerId,
      });
      feature.setId(id);
      feature.set("style", pendingStyle(color, isPredicted));
      return feature;
    });
    this.pending.getSource()?.clear(true);
    this.pending.getSource()?.addFeatures(features);
  }

  private showHandles(geometry: Geometry | undefined): void {
    const points = this.withHandles && geometry ? corners(geometry) : [];
    replace(this.handles, points.length > 0 && points.length <= MOST_HANDLES ? [new MultiPoint(points)] : []);
  }
}

/** Handles would cover an object that is smaller on the screen than this. */
const HANDLES_FROM_PX = 44;
const HANDLES = handleStyle();

function handlesWhereTheyFit(feature: FeatureLike, resolution: number) {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = feature.getGeometry()?.getExtent() ?? [];
  return Math.max(x1 - x0, y1 - y0) >= HANDLES_FROM_PX * resolution ? HANDLES : undefined;
}

function corners(geometry: Geometry): number[][] {
  const rings =
    geometry.type === "Polygon"
      ? geometry.coordinates
      : geometry.type === "MultiPolygon"
        ? geometry.coordinates.flat()
        : [];
  return rings.flatMap((ring) => ring.slice(1).map(([x = 0, y = 0]) => [x, -y]));
}

function replace(layer: VectorLayer<VectorSource>, geometries: OlGeometry[]): void {
  const source = layer.getSource();
  source?.clear(true);
  source?.addFeatures(geometries.map((geometry) => new Feature(geometry)));
}
