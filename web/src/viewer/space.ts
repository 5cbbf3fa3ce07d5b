/** Between image coordinates (y down from the top left) and the map's (y up, the image below zero). */
import Projection from "ol/proj/Projection";
import TileGrid from "ol/tilegrid/TileGrid";
import type { Image } from "../api/types";
import type { Point, Size } from "../geometry/types";

export const toMap = ([x, y]: Point): [number, number] => [x, -y];

export const toImage = (coordinate: readonly number[]): Point => [coordinate[0] ?? 0, -(coordinate[1] ?? 0)];

export const sizeOf = (image: Image): Size => ({ width: image.width ?? 1, height: image.height ?? 1 });

export const extentOf = (image: Image): [number, number, number, number] => {
  const { width, height } = sizeOf(image);
  return [0, -height, width, 0];
};

export const pixelProjection = (image: Image): Projection =>
  new Projection({ code: `pixels-${image.id}`, units: "pixels", extent: extentOf(image) });

/** The grid of stored tiles; OpenLayers counts levels from the smallest. */
export function imageTileGrid(image: Image): TileGrid {
  const levels = image.levels.toReversed();
  return new TileGrid({
    extent: extentOf(image),
    // one origin for all would make OpenLayers take a tile's parents from its number alone, as if all levels
    // had tiles of one size, and leave the picture black instead of coarse while sharp tiles are on their way
    origins: levels.map(() => [0, 0]),
    resolutions: levels.map((level) => level.downsample),
    tileSizes: levels.map((level) => [level.tile_width, level.tile_height]),
  });
}

export const VECTOR_TILE_PX = 512;

/** How often 512 px must double to hold the image: the number of the last vector tile zoom. */
export function lastVectorZoom(image: Image): number {
  const { width, height } = sizeOf(image);
  return Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / VECTOR_TILE_PX)));
}

export function vectorTileGrid(image: Image): TileGrid {
  const last = lastVectorZoom(image);
  return new TileGrid({
    extent: extentOf(image),
    origin: [0, 0],
    resolutions: Array.from({ length: last + 1 }, (_, i) => 2 ** (last - i)),
    tileSize: VECTOR_TILE_PX,
  });
}

/** The corners of a box of this size around a centre, turned clockwise by an angle in radians. */
export function turnedBox([x, y]: Point, [width, height]: Point, angle: number): Point[] {
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([sx = 0, sy = 0]): Point => {
    const dx = (sx * width) / 2;
    const dy = (sy * height) / 2;
    return [x + dx * Math.cos(angle) + dy * Math.sin(angle), y - dx * Math.sin(angle) + dy * Math.cos(angle)];
  });
}
