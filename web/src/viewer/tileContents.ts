/** What the server answered for tiles: one request for all who draw them, and rasters to recolour later. */
import { fetchPatiently } from "../api/patience";
import { type ClassRaster, parseRaster, RASTER_TYPE } from "./classRaster";

export type TileContent =
  | { readonly kind: "vector"; readonly data: ArrayBuffer }
  | { readonly kind: "raster"; readonly raster: ClassRaster };

/** Several screens of tiles; a raster is some hundred kilobytes. */
const MOST_KEPT = 96;

async function fetched(address: string): Promise<TileContent> {
  const response = await fetchPatiently(address);
  const data = await response.arrayBuffer();
  return response.headers.get("Content-Type")?.startsWith(RASTER_TYPE)
    ? { kind: "raster", raster: parseRaster(data) }
    : { kind: "vector", data };
}

export class TileContents {
  private readonly kept = new Map<string, Promise<TileContent>>();
  private readonly rasters = new Map<string, ClassRaster>();

  constructor(private readonly load: (address: string) => Promise<TileContent> = fetched) {}

  get(address: string): Promise<TileContent> {
    const content = this.kept.get(address) ?? this.load(address);
    // the last one asked for is the last one to be forgotten
    this.kept.delete(address);
    this.kept.set(address, content);
    content
      .then(
        (found) =>
          found.kind === "raster" && this.kept.has(address) && this.rasters.set(address, found.raster),
      )
      .catch(() => this.kept.delete(address));
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) {
      this.kept.delete(oldest);
      this.rasters.delete(oldest);
    }
    return content;
  }

  /** The raster of a tile that is here already. */
  rasterOf(address: string): ClassRaster | null {
    return this.rasters.get(address) ?? null;
  }
}
