/** The picture with its objects and tools. Knows OpenLayers, knows no React. */
import { defaults as defaultControls } from "ol/control/defaults";
import OlMap from "ol/Map";
import type { Image } from "../api/types";
import type { Box, Geometry, Point } from "../geometry/types";
import type { Assistant } from "../inference/assistant";
import { openDesk } from "../pixels/desk";
import type { Crop } from "../pixels/raster";
import type { PictureView } from "../pixels/stains";
import { Camera, type Place, viewOf } from "./camera";
import type { ChannelDisplay } from "./channels";
import { ContourAssist } from "./contourAssist";
import { cropOf } from "./crop";
import type { ViewerEvents } from "./events";
import { type Heat, HeatLayer } from "./heat";
import { interactions } from "./moving";
import { type LayerView, ObjectLayers } from "./objectLayers";
import { type Local, Overlay, type PointName, type Shown } from "./overlay";
import { canvasOf, type Picture, type Plane, pictureOf, type Tone } from "./picture";
import { type PixelPreview, PixelPreviewLayer } from "./pixelPreview";
import { Signals } from "./signals";
import { toImage, toMap } from "./space";
import type { StyleRules } from "./styles";
import { toolHost } from "./toolHost";
import { makeTool } from "./tools";
import { DEFAULT_OPTIONS, type ToolOptions } from "./tools/options";
import type { EditTarget, Placed, Tool, ToolHost, ToolName } from "./tools/tool";

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

/** How long a new layer may take to come, and how often to look, ms. */
const LAYER_WAIT_MS = 30_000;
const LAYER_STEP_MS = 50;
/** Long enough for what a frame put off to a moment after it. */
const AFTER_FRAME_MS = 100;

export class Viewer {
  readonly map: OlMap;
  readonly camera: Camera;
  readonly events = new Signals<ViewerEvents>();
  readonly image: Image;
  brushRadius = 16;
  /** What a stroke of the brush or a dragged vertex would change. */
  editTarget: EditTarget | null = null;
  /** The selected objects that may be moved, turned and scaled. */
  placed: readonly Placed[] = [];
  options: ToolOptions = DEFAULT_OPTIONS;
  /** Whether the wheel pans and zooms only with Ctrl, as suits a trackpad. */
  wheelPans = false;
  private readonly desk = openDesk();
  private readonly picture: Picture;
  private readonly overlay = new Overlay();
  private readonly objects: ObjectLayers;
  private readonly heat: HeatLayer;
  private readonly pixelPreview: PixelPreviewLayer;
  private readonly host: ToolHost;
  private plane: Plane;
  private tool: Tool;
  private toolName: ToolName = "move";
  private isPanning = false;
  private shown: readonly Shown[] = [];

  constructor({ image, element, plane, channels, place, assistant, prepareAssist }: Settings) {
    this.image = image;
    this.plane = plane;
    this.picture = pictureOf(image, plane, channels);
    this.heat = new HeatLayer(image, plane);
    this.pixelPreview = new PixelPreviewLayer(image, plane, (told) => this.events.emit("preview", told));
    this.host = toolHost({
      image,
      overlay: this.overlay,
      events: this.events,
      brushRadius: () => this.brushRadius,
      target: () => this.editTarget,
      placed: () => this.placed,
      hitAt: (pixel) => this.objects.hitAt(pixel),
      crop: () => this.crop(),
      sight: () => `${this.camera.sight} ${this.picture.key}`,
      options: () => this.options,
      desk: this.desk,
      assist: new ContourAssist(assistant, this.desk, () => this.options, prepareAssist),
    });
    this.tool = makeTool("move", this.host);
    this.map = new OlMap({
      target: element,
      pixelRatio: 1,
      layers: [this.picture.layer, this.heat.layer, this.pixelPreview.layer, ...this.overlay.layers],
      controls: defaultControls({ attribution: false, zoom: false, rotate: false }),
      interactions: interactions({
        tool: () => this.tool,
        isPanning: () => this.isPanning,
        turnsView: (event) => this.turnsView(event),
        fit: () => this.camera.fit(),
        wheelPans: () => this.wheelPans,
      }),
      view: viewOf(image),
    });
    this.camera = new Camera(this.map, image);
    this.pixelPreview.follow(this.map, this.camera);
    this.objects = new ObjectLayers(this.map, image, plane);
    this.listen(element);
    if (place) this.camera.go(place);
    else this.camera.fit(0);
    this.setTool("move");
  }

  dispose(): void {
    this.map.setTarget(); // no frame from here on
    this.desk.close();
    this.objects.dispose();
    this.heat.dispose();
    this.pixelPreview.dispose();
    // the last frame asks for the picture's coarser tiles a moment later, of a layer that must still be whole
    setTimeout(() => {
      this.picture.dispose();
      this.map.dispose();
    }, AFTER_FRAME_MS);
  }

  // ---- what is shown

  setPlane(plane: Plane): void {
    if (plane.z === this.plane.z && plane.t === this.plane.t) return;
    this.plane = plane;
    this.picture.setPlane(plane);
    this.objects.setPlane(plane);
    this.heat.setPlane(plane);
    this.pixelPreview.setPlane(plane);
  }

  setChannels(channels: readonly ChannelDisplay[]): void {
    this.picture.setChannels(channels);
  }

  setTone(tone: Tone): void {
    this.map.once("rendercomplete", () => this.picture.setTone(tone));
    this.picture.setTone(tone);
  }

  setView(view: PictureView): void {
    this.picture.setView(view);
  }

  setLayers(views: readonly LayerView[]): void {
    this.objects.set(views);
  }

  layerChanged(id: string, generation: number, box: Box | null): boolean {
    return this.objects.changed(id, generation, box);
  }

  setHeat(heat: Heat | null): void {
    this.heat.set(heat);
  }

  setPixelPreview(preview: PixelPreview | null): void {
    this.pixelPreview.set(preview);
  }

  setHidden(isHidden: boolean): void {
    this.objects.setHidden(isHidden);
  }

  setRules(rules: Partial<StyleRules>): void {
    if (rules.isFilled !== undefined) this.overlay.setFilled(rules.isFilled);
    this.objects.setRules(rules);
  }

  /** How many objects of each class lie around a place (image px) that is too crowded to show them one by one. */
  crowdAt(place: Point): [term: number, count: number][] {
    return this.objects.crowdAt(toMap(place));
  }

  hideIds(ids: readonly number[]): void {
    this.objects.hideIds(ids);
  }

  showIds(ids: readonly number[]): void {
    this.objects.showIds(ids);
  }

  setSelection(shown: readonly Shown[]): void {
    this.shown = shown;
    this.overlay.setSelection(shown, this.toolName === "select" && this.editTarget !== null);
  }

  setRegion(geometry: Geometry | null): void {
    this.overlay.setRegion(geometry);
  }

  /** An object that is pointed at elsewhere on the page. */
  setPointed(geometry: Geometry | null): void {
    this.overlay.setPointed(geometry);
  }

  /** Names beside points, such as landmarks. */
  setNames(names: readonly PointName[]): void {
    this.overlay.setNames(names);
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

  /** Resolves when a layer, which may only just be arriving, is drawn with all that it holds. */
  async drawn(layerId: string): Promise<void> {
    for (let waited = 0; !this.objects.holds(layerId) && waited < LAYER_WAIT_MS; waited += LAYER_STEP_MS)
      await new Promise((resolve) => setTimeout(resolve, LAYER_STEP_MS));
    await this.idle();
  }

  // ---- inside

  private crop(): Crop | null {
    const { map, image } = this;
    const canvas = canvasOf(map.getViewport());
    return cropOf({ map, image, canvas, tone: this.picture.tone }, this.camera.visibleBox);
  }

  private showCursor(): void {
    const viewport = this.map.getViewport();
    if (viewport) viewport.style.cursor = this.isPanning ? "grab" : this.tool.cursor;
  }

  /** Alt and Shift turn the picture with the tools that do not draw. */
  private turnsView({ altKey, shiftKey }: MouseEvent): boolean {
    return altKey && shiftKey && (this.toolName === "move" || this.toolName === "select");
  }

  private listen(element: HTMLElement): void {
    this.camera.onMove((place) => this.events.emit("place", place));
    this.map.on("pointermove", (event) => this.events.emit("pointer", toImage(event.coordinate)));
    this.map.on("pointerdrag", (event) => this.events.emit("pointer", toImage(event.coordinate)));
    element.addEventListener("pointerleave", () => {
      this.overlay.setTip(null);
      this.events.emit("pointer", null);
    });
    // fingers are for the tools: the browser shall neither scroll nor zoom the page with them
    const viewport = this.map.getViewport();
    if (viewport) viewport.style.touchAction = "none";
    // the middle button pans; it shall not start the browser's own scrolling
    element.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
  }
}
