/** The picture with its objects and tools. Knows OpenLayers, knows no React. */
import { defaults as defaultControls } from "ol/control/defaults";
import DragPan from "ol/interaction/DragPan";
import DragRotate from "ol/interaction/DragRotate";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom";
import PinchZoom from "ol/interaction/PinchZoom";
import Kinetic from "ol/Kinetic";
import OlMap from "ol/Map";
import View from "ol/View";
import type { Image } from "../api/types";
import type { Affine } from "../geometry/transform";
import type { Box, Geometry, Point, Polygon } from "../geometry/types";
import type { Assistant } from "../inference/assistant";
import { openDesk } from "../pixels/desk";
import type { Crop } from "../pixels/raster";
import type { ChannelDisplay } from "./channels";
import { ContourAssist } from "./contourAssist";
import { cropOf } from "./crop";
import { ObjectLayer } from "./objectLayer";
import { type Local, Overlay, type Shown } from "./overlay";
import { canvasOf, type Picture, type Plane, pictureOf, type Tone } from "./picture";
import { Signals } from "./signals";
import { extentOf, pixelProjection, sizeOf, toImage, toMap, turnedBox } from "./space";
import { DEFAULT_RULES, type StyleRules } from "./styles";
import { toolHost } from "./toolHost";
import { ToolInteraction } from "./toolInteraction";
import { makeTool } from "./tools";
import { DEFAULT_OPTIONS, type ToolOptions } from "./tools/options";
import type { Drawn, EditTarget, Placed, Tool, ToolHost, ToolName } from "./tools/tool";

export interface Place {
  /** The centre, in image pixels. */
  readonly x: number;
  readonly y: number;
  /** Screen pixels an image pixel. */
  readonly zoom: number;
  /** Degrees, clockwise. */
  readonly rotation: number;
}

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

export interface ViewerEvents {
  place: Place;
  pointer: Point | null;
  drawn: Drawn;
  edited: { id: number; polygons: readonly Polygon[] };
  region: Geometry;
  replaced: { objects: readonly Placed[]; affine: Affine };
  split: readonly Point[];
  lassoed: { area: readonly Polygon[]; mode: "replace" | "toggle" };
  classified: Hit | null;
  picked: { hit: Hit | null; mode: "replace" | "toggle" };
  boxed: { box: Box; mode: "replace" | "toggle" };
  said: string;
  options: Partial<ToolOptions>;
}

interface Settings {
  readonly image: Image;
  readonly element: HTMLElement;
  readonly plane: Plane;
  readonly channels: readonly ChannelDisplay[];
  readonly place: Place | null;
  readonly assistant: Assistant;
  /** Chooses the model that assists, and makes it ready. */
  prepareAssist(): Promise<void>;
}

const ANIMATION_MS = 200;
const CLOSEST = 1 / 64;
/** Top, right, bottom, left: beside the tools, below the view's buttons, above scale bar and planes. */
const FIT_PADDING = [54, 16, 54, 92];

export class Viewer {
  readonly map: OlMap;
  readonly events = new Signals<ViewerEvents>();
  readonly image: Image;
  brushRadius = 16;
  /** What a stroke of the brush or a dragged vertex would change. */
  editTarget: EditTarget | null = null;
  /** The selected objects that may be moved, turned and scaled. */
  placed: readonly Placed[] = [];
  options: ToolOptions = DEFAULT_OPTIONS;
  private readonly desk = openDesk();
  private readonly picture: Picture;
  private readonly overlay = new Overlay();
  private readonly objectLayers = new Map<string, ObjectLayer>();
  private readonly host: ToolHost;
  private plane: Plane;
  private rules: StyleRules = DEFAULT_RULES;
  private tool: Tool;
  private toolName: ToolName = "move";
  private isPanning = false;
  private isHidden = false;
  private layerViews: readonly LayerView[] = [];
  private shown: readonly Shown[] = [];

  constructor({ image, element, plane, channels, place, assistant, prepareAssist }: Settings) {
    this.image = image;
    this.plane = plane;
    this.picture = pictureOf(image, plane, channels);
    this.host = toolHost({
      image,
      overlay: this.overlay,
      events: this.events,
      brushRadius: () => this.brushRadius,
      target: () => this.editTarget,
      placed: () => this.placed,
      hitAt: (pixel) => this.hitAt(pixel),
      crop: () => this.crop(),
      sight: () => this.sight,
      options: () => this.options,
      desk: this.desk,
      assist: new ContourAssist(assistant, this.desk, () => this.options, prepareAssist),
    });
    this.tool = makeTool("move", this.host);
    this.map = new OlMap({
      target: element,
      pixelRatio: 1,
      layers: [this.picture.layer, ...this.overlay.layers],
      controls: defaultControls({ attribution: false, zoom: false, rotate: false }),
      interactions: this.interactions(),
      view: new View({
        projection: pixelProjection(image),
        extent: extentOf(image),
        constrainOnlyCenter: true,
        center: [sizeOf(image).width / 2, -sizeOf(image).height / 2],
        resolution: 1,
        minResolution: CLOSEST,
        maxResolution: Math.max(64, ...image.levels.map((level) => level.downsample * 8)),
      }),
    });
    this.listen(element);
    if (place) this.go(place);
    else this.fit(0);
    this.setTool("move");
  }

  dispose(): void {
    for (const layer of this.objectLayers.values()) layer.dispose();
    this.picture.dispose();
    this.desk.close();
    this.map.setTarget();
    this.map.dispose();
  }

  // ---- where one looks

  get view(): View {
    return this.map.getView();
  }

  get currentPlace(): Place {
    const [x, y] = toImage(this.view.getCenter() ?? [0, 0]);
    const rotation = ((this.view.getRotation() * 180) / Math.PI) % 360;
    return { x, y, zoom: 1 / (this.view.getResolution() ?? 1), rotation };
  }

  /** The part of the image that is in sight. */
  get visibleBox(): Box {
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = this.view.calculateExtent(this.map.getSize() ?? [1, 1]);
    const { width, height } = sizeOf(this.image);
    return [Math.max(0, x0), Math.max(0, -y1), Math.min(width, x1), Math.min(height, -y0)];
  }

  get seesAll(): boolean {
    const [x0, y0, x1, y1] = this.visibleBox;
    const { width, height } = sizeOf(this.image);
    return x0 <= 0 && y0 <= 0 && x1 >= width && y1 >= height;
  }

  go({ x, y, zoom, rotation }: Place): void {
    this.view.setRotation((rotation * Math.PI) / 180);
    this.view.setCenter(toMap([x, y]));
    this.view.setResolution(1 / zoom);
  }

  /** The corners of what is in sight, in image pixels: a box that may be turned. */
  get visibleCorners(): Point[] {
    const [width = 1, height = 1] = this.map.getSize() ?? [1, 1];
    const { x, y } = this.currentPlace;
    const resolution = this.view.getResolution() ?? 1;
    return turnedBox([x, y], [width * resolution, height * resolution], this.view.getRotation());
  }

  fit(duration = ANIMATION_MS): void {
    this.view.fit(extentOf(this.image), { padding: FIT_PADDING, duration });
  }

  zoomTo(zoom: number): void {
    this.view.animate({ resolution: 1 / zoom, duration: ANIMATION_MS });
  }

  zoomBy(factor: number): void {
    this.zoomTo(this.currentPlace.zoom * factor);
  }

  rotateTo(degrees: number): void {
    this.view.animate({ rotation: (degrees * Math.PI) / 180, duration: ANIMATION_MS });
  }

  /** Shows a box with room around it, never closer than four screen pixels an image pixel. */
  show(box: Box): void {
    const [width = 1, height = 1] = this.map.getSize() ?? [1, 1];
    const resolution = Math.max((box[2] - box[0]) / (width * 0.3), (box[3] - box[1]) / (height * 0.3), 0.25);
    const now = this.view.getResolution() ?? 1;
    this.view.animate({
      center: toMap([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]),
      resolution: resolution > now || now > resolution * 2.5 ? resolution : now,
      duration: ANIMATION_MS,
    });
  }

  // ---- what is shown

  setPlane(plane: Plane): void {
    if (plane.z === this.plane.z && plane.t === this.plane.t) return;
    this.plane = plane;
    this.picture.setPlane(plane);
    for (const layer of this.objectLayers.values()) layer.setPlane(plane);
  }

  setChannels(channels: readonly ChannelDisplay[]): void {
    this.picture.setChannels(channels);
  }

  setTone(tone: Tone): void {
    this.map.once("rendercomplete", () => this.picture.setTone(tone));
    this.picture.setTone(tone);
  }

  setLayers(views: readonly LayerView[]): void {
    this.layerViews = views;
    const wanted = new Set(views.map(({ id }) => id));
    for (const [id, layer] of this.objectLayers) if (!wanted.has(id)) this.drop(id, layer);
    views.forEach((view, index) => {
      const layer = this.objectLayers.get(view.id) ?? this.addLayer(view.id, view.generation);
      layer.update(view.generation, null);
      layer.setVisible(view.isVisible && !this.isHidden);
      layer.setOpacity(view.opacity);
      for (const part of layer.layers) part.setZIndex(10 + index);
    });
  }

  /** A layer changed on the server, or by an answer to a save. */
  layerChanged(id: string, generation: number, box: Box | null): boolean {
    return this.objectLayers.get(id)?.update(generation, box) ?? false;
  }

  setHidden(isHidden: boolean): void {
    this.isHidden = isHidden;
    this.setLayers(
      this.layerViews.map((v) => ({
        ...v,
        generation: this.objectLayers.get(v.id)?.generation ?? v.generation,
      })),
    );
  }

  setRules(rules: Partial<StyleRules>): void {
    this.rules = { ...this.rules, ...rules };
    if (rules.isFilled !== undefined) this.overlay.setFilled(rules.isFilled);
    for (const layer of this.objectLayers.values()) layer.restyle();
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

  setSelection(shown: readonly Shown[]): void {
    this.shown = shown;
    this.overlay.setSelection(shown, this.toolName === "select" && this.editTarget !== null);
  }

  setRegion(geometry: Geometry | null): void {
    this.overlay.setRegion(geometry);
  }

  /** Objects as the user left them, until the server's tiles say the same. */
  setLocals(locals: readonly Local[]): void {
    this.overlay.setLocals(locals);
  }

  // ---- tools

  get hasSuggestion(): boolean {
    return this.tool.hasSuggestion;
  }

  /** A key that means something to the tool in hand only; false where it does not. */
  toolCommand(name: string): boolean {
    return this.tool.command(name);
  }

  resizeTool(factor: number): boolean {
    return this.tool.resize(factor);
  }

  setTool(name: ToolName): void {
    this.tool.cancel();
    this.overlay.setTip(null);
    this.toolName = name;
    this.tool = makeTool(name, this.host);
    this.showCursor();
    this.setSelection(this.shown);
  }

  setPanning(isPanning: boolean): void {
    this.isPanning = isPanning;
    this.showCursor();
  }

  finishShape(): void {
    this.tool.finish();
  }

  fillHoles(): boolean {
    return this.tool.fillHoles();
  }

  stepBack(): void {
    this.tool.back();
  }

  cancelShape(): boolean {
    return this.tool.cancel();
  }

  /** Resolves when nothing is left to load or draw. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.map.once("rendercomplete", () => resolve());
      this.map.render();
    });
  }

  // ---- inside

  private crop(): Crop | null {
    const { map, image } = this;
    const canvas = canvasOf(map.getViewport());
    return cropOf({ map, image, canvas, tone: this.picture.tone }, this.visibleBox);
  }

  private get sight(): string {
    const size = this.map.getSize() ?? [];
    return [...this.view.calculateExtent(), this.view.getRotation(), ...size, this.picture.key].join(" ");
  }

  private showCursor(): void {
    const viewport = this.map.getViewport();
    if (viewport) viewport.style.cursor = this.isPanning ? "grab" : this.tool.cursor;
  }

  private interactions() {
    return [
      new DragPan({
        condition: (event) => {
          const original = event.originalEvent;
          return original instanceof MouseEvent && original.button <= 1 && !this.turnsView(original);
        },
        kinetic: new Kinetic(-0.005, 0.05, 100),
      }),
      new DragRotate({
        condition: ({ originalEvent: e }) => e instanceof MouseEvent && this.turnsView(e),
      }),
      new MouseWheelZoom({ duration: 120, constrainResolution: false }),
      new PinchZoom(),
      new ToolInteraction(
        () => this.tool,
        (event) => this.isPanning || this.turnsView(event),
        () => this.fit(),
      ),
    ];
  }

  /** Alt and Shift turn the picture with the tools that do not draw. */
  private turnsView({ altKey, shiftKey }: MouseEvent): boolean {
    return altKey && shiftKey && (this.toolName === "move" || this.toolName === "select");
  }

  private listen(element: HTMLElement): void {
    const announce = () => this.events.emit("place", this.currentPlace);
    for (const part of ["change:center", "change:resolution", "change:rotation"] as const)
      this.view.on(part, announce);
    this.map.on("pointermove", (event) => this.events.emit("pointer", toImage(event.coordinate)));
    this.map.on("pointerdrag", (event) => this.events.emit("pointer", toImage(event.coordinate)));
    element.addEventListener("pointerleave", () => {
      this.overlay.setTip(null);
      this.events.emit("pointer", null);
    });
    // the middle button pans; it shall not start the browser's own scrolling
    element.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
  }

  private addLayer(id: string, generation: number): ObjectLayer {
    const layer = new ObjectLayer(this.image, id, this.plane, generation, () => this.rules);
    this.objectLayers.set(id, layer);
    for (const part of layer.layers) this.map.addLayer(part);
    return layer;
  }

  private drop(id: string, layer: ObjectLayer): void {
    for (const part of layer.layers) this.map.removeLayer(part);
    layer.dispose();
    this.objectLayers.delete(id);
  }

  private hitAt(pixel: readonly [number, number]): Hit | null {
    const found = this.map.forEachFeatureAtPixel(
      [...pixel],
      (feature, layer): Hit | undefined => {
        const id = Number(feature.getId());
        const layerId: unknown = layer?.get("objectLayerId");
        if (typeof layerId !== "string" || feature.get("layer") !== "objects" || Number.isNaN(id))
          return undefined;
        return { id, layerId };
      },
      { hitTolerance: 4, layerFilter: (layer) => layer.get("objectLayerId") !== undefined },
    );
    return found ?? null;
  }
}
