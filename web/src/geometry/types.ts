/** Image coordinates: full-resolution pixels, origin top left, y down. */
export type Point = readonly [x: number, y: number];

/** A closed line without its repeated last point. */
export type Ring = Point[];

/** An outer ring followed by its holes. */
export type Polygon = Ring[];

/** [x0, y0, x1, y1] in pixels. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Geometry =
  | { type: "Point"; coordinates: number[] }
  | { type: "MultiPoint" | "LineString"; coordinates: number[][] }
  | { type: "Polygon" | "MultiLineString"; coordinates: number[][][] }
  | { type: "MultiPolygon"; coordinates: number[][][][] };
