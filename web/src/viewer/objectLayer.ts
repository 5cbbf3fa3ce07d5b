/** The objects of one annotation layer as tiles: outlines, clusters, or a raster of classes where they are crowded. */
import TileLayer from "ol/layer/Tile";
import VectorTileLayer from "ol/layer/VectorTile";
import type RenderFeature from "ol/render/Feature";
import ImageTileSource from "ol/source/ImageTile";
import VectorTileSource from "ol/source/VectorTile";
import type Tile from "ol/Tile";
import type VectorTile from "ol/VectorTile";
import { url } from "../api/http";
import type { Image } from "../api/types";
import type { Box } from "../geometry/types";
import { canvasOfPixels, countsAt, painted } from "./classRaster";
import { ClusterFormat } from "./clusters";
import type { Plane } from "./picture";
import { lastVectorZoom, pixelProjection, VECTOR_TILE_PX, vectorTileGrid } from "./space";
import type { StyleRules } from "./styles";
import { tileStyle } from "./styles";
import { TileContents } from "./tileContents";

/** Above this resolution tiles are drawn once and moved as pictures; below it they stay vectors, and sharp. */
const SHARP_BELOW = 0.75;

/** Tiles out of sight or out of date that are kept. Without any, a tile that changes would be empty until the new one is there. */
const KEPT_TILES = 64;

interface KnownChange {
  readonly generation: number;
  readonly box: Box;
}

/** Which generation a tile must have: the newest change that touched it. */
export class TileGenerations {
  private changes: KnownChange[] = [];

  constructor(private base: number) {}

  get newest(): number {
    return Math.max(this.base, ...this.changes.map((change) => change.generation));
  }

  /** Without a box the change may be anywhere. */
  add(generation: number, box: Box | null): void {
    if (box === null || this.changes.length > 500) {
      this.base = Math.max(generation, this.newest);
      this.changes = [];
    } else {
      this.changes.push({ generation, box });
    }
  }

  /** Boxes are widened by a sixteenth of the tile, as far as the server draws beyond its edge. */
  of(zoom: number, column: number, row: number): number {
    const side = VECTOR_TILE_PX * 2 ** zoom;
    const rim = side / 16;
    const [x0, y0] = [column * side - rim, row * side - rim];
    const [x1, y1] = [x0 + side + 2 * rim, y0 + side + 2 * rim];
    const touching = this.changes.filter(
      ({ box }) => box[0] <= x1 && box[2] >= x0 && box[1] <= y1 && box[3] >= y0,
    );
    return Math.max(this.base, ...touching.map((change) => change.generation));
  }
}

/** As the source would, except that a lost connection leaves no hole behind. */
function loadFrom(contents: TileContents, tile: Tile, address: string): void {
  const vector = tile as VectorTile<RenderFeature>;
  vector.setLoader((extent, _resolution, projection) => {
    const options = { extent, featureProjection: projection };
    contents
      .get(address)
      .then((found) =>
        vector.setFeatures(
          found.kind === "vector" ? new ClusterFormat().readFeatures(found.data, options) : [],
        ),
      )
      .catch(() => vector.onError());
  });
}

class RasterSource extends ImageTileSource {
  show(key: string): void {
    this.setKey(key);
  }
}

/** Where a tile is no raster of classes. */
const NOTHING = (): HTMLCanvasElement => canvasOfPixels(new Uint8ClampedArray(4), 1);

/** What of the rules a raster of classes shows. */
const coloring = ({ colors, hiddenTerms, showsPredictions }: StyleRules): string =>
  [[...colors].join(" "), [...hiddenTerms].join(" "), showsPredictions].join("|");

export class ObjectLayer {
  /** The raster of classes below, then two layers on one source, for far and near. */
  readonly layers: (VectorTileLayer | TileLayer<RasterSource>)[];
  private readonly source: VectorTileSource<RenderFeature>;
  private readonly rasters: RasterSource;
  private readonly contents = new TileContents();
  private colored = "";
  private readonly generations: TileGenerations;

  constructor(
    private readonly image: Image,
    readonly id: string,
    private plane: Plane,
    generation: number,
    private readonly rules: () => StyleRules,
  ) {
    this.generations = new TileGenerations(generation);
    this.source = new VectorTileSource({
      format: new ClusterFormat(),
      tileGrid: vectorTileGrid(image),
      projection: pixelProjection(image),
      wrapX: false,
      transition: 0,
      tileUrlFunction: this.tileUrl,
      tileLoadFunction: (tile, address) => loadFrom(this.contents, tile, address),
    });
    this.rasters = new RasterSource({
      tileGrid: vectorTileGrid(image),
      projection: pixelProjection(image),
      wrapX: false,
      transition: 0,
      interpolate: false,
      // the same tiles as those of outlines and clusters, which would otherwise be chosen coarser
      zDirection: 1,
      loader: (z, x, y) => this.raster(z, x, y),
    });
    this.renew();
    const style = tileStyle(rules);
    const make = (renderMode: "hybrid" | "vector") =>
      new VectorTileLayer({
        source: this.source,
        style,
        renderMode,
        renderBuffer: 64,
        cacheSize: KEPT_TILES,
        updateWhileInteracting: renderMode === "vector",
        updateWhileAnimating: renderMode === "vector",
        ...(renderMode === "hybrid" ? { minResolution: SHARP_BELOW } : { maxResolution: SHARP_BELOW }),
        properties: { objectLayerId: id },
      });
    const raster = new TileLayer({ source: this.rasters, properties: { objectLayerId: id } });
    this.layers = [raster, make("hybrid"), make("vector")];
  }

  get generation(): number {
    return this.generations.newest;
  }

  /** Fetches the tiles that the change touched; the old ones stay until the new ones are there. */
  update(generation: number, box: Box | null): boolean {
    if (generation <= this.generations.newest) return false;
    this.generations.add(generation, box);
    this.renew();
    return true;
  }

  setPlane(plane: Plane): void {
    this.plane = plane;
    this.renew();
  }

  setVisible(isVisible: boolean): void {
    for (const layer of this.layers) layer.setVisible(isVisible);
  }

  setOpacity(opacity: number): void {
    for (const layer of this.layers) layer.setOpacity(opacity);
  }

  /** In other colours, or without some of the classes: nothing is fetched for it. */
  restyle(): void {
    if (this.colored !== coloring(this.rules())) this.renewRasters();
    for (const layer of this.layers) layer.changed();
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
    this.source.dispose();
    this.rasters.dispose();
  }

  /** How many visible objects of each class lie around a place where the layer is shown as a raster, most first. */
  crowdAt(coordinate: readonly [number, number], resolution: number): [term: number, count: number][] {
    const grid = vectorTileGrid(this.image);
    const z = grid.getZForResolution(resolution, 1);
    const tile = grid.getTileCoordForCoordAndZ([...coordinate], z);
    const raster = this.contents.rasterOf(this.tileUrl(tile));
    if (!raster) return [];
    const [x0 = 0, , x1 = 0, y1 = 0] = grid.getTileCoordExtent(tile);
    const place = (distance: number) => Math.floor((distance / (x1 - x0)) * raster.side);
    return countsAt(raster, this.rules(), [place(coordinate[0] - x0), place(y1 - coordinate[1])]);
  }

  private renew(): void {
    this.source.setTileUrlFunction(this.tileUrl, this.key());
    this.renewRasters();
  }

  private renewRasters(): void {
    this.colored = coloring(this.rules());
    this.rasters.show(`${this.key()} ${this.colored}`);
  }

  private async raster(z: number, x: number, y: number): Promise<HTMLCanvasElement> {
    const found = await this.contents.get(this.tileUrl([z, x, y]));
    if (found.kind === "vector") return NOTHING();
    return canvasOfPixels(painted(found.raster, this.rules()), found.raster.side);
  }

  private key(): string {
    return `${this.plane.z}-${this.plane.t}-${this.generations.newest}`;
  }

  private readonly tileUrl = ([z = 0, x = 0, y = 0]: number[]): string => {
    const zoom = lastVectorZoom(this.image) - z;
    return url(`/layers/${this.id}/tiles/${zoom}/${x}/${y}`, {
      ...this.plane,
      g: this.generations.of(zoom, x, y),
    });
  };
}
