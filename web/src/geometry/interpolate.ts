/** Outlines between two outlines: for the planes between two annotated ones. */
import { contains, ringArea, union } from "./boolean";
import { geometryOf } from "./geojson";
import { boundsOfAll } from "./transform";
import type { Box, Point, Polygon, Ring } from "./types";
import { distanceToSegment } from "./vertices";

const MOST_CELLS = 160;

/**
 * Shape-based interpolation (Raya and Udupa 1990): both shapes become maps of the signed distance to their
 * outline, the maps are mixed, and the outline of what is positive is followed. Works for shapes of several
 * parts and with holes. `share` 0 gives the first shape, 1 the second.
 */
export function between(first: readonly Polygon[], second: readonly Polygon[], share: number): Polygon[] {
  const box = boundsOfAll([geometryOf([...first, ...second])]);
  if (!box) return [];
  const cell = Math.max((box[2] - box[0]) / MOST_CELLS, (box[3] - box[1]) / MOST_CELLS, 0.25);
  const grid = gridOver(box, cell);
  const a = distances(first, grid);
  const b = distances(second, grid);
  const mixed = a.map((value, i) => (1 - share) * value + share * (b[i] ?? 0));
  return evenOdd(outlines(mixed, grid));
}

interface Grid {
  readonly x0: number;
  readonly y0: number;
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
}

/** With a rim of two cells, so that every outline closes. */
const gridOver = ([x0, y0, x1, y1]: Box, cell: number): Grid => ({
  x0: x0 - 2 * cell,
  y0: y0 - 2 * cell,
  cell,
  columns: Math.ceil((x1 - x0) / cell) + 5,
  rows: Math.ceil((y1 - y0) / cell) + 5,
});

/** Positive inside. */
function distances(polygons: readonly Polygon[], { x0, y0, cell, columns, rows }: Grid): Float64Array {
  const edges = polygons.flatMap((polygon) =>
    polygon.flatMap((ring) => ring.map((p, i): [Point, Point] => [p, ring[(i + 1) % ring.length] ?? p])),
  );
  const out = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at: Point = [x0 + column * cell, y0 + row * cell];
      let nearest = Number.POSITIVE_INFINITY;
      for (const [p, q] of edges) nearest = Math.min(nearest, distanceToSegment(at, p, q));
      out[row * columns + column] = polygons.some((polygon) => contains(polygon, at)) ? nearest : -nearest;
    }
  }
  return out;
}

type Segment = readonly [Point, Point];

/** The zero line of the map by marching squares, as closed rings. */
function outlines(values: Float64Array, grid: Grid): Ring[] {
  const segments: Segment[] = [];
  for (let row = 0; row < grid.rows - 1; row += 1)
    for (let column = 0; column < grid.columns - 1; column += 1)
      segments.push(...crossing(values, grid, column, row));
  return rings(segments);
}

/** Corners of a cell clockwise from the top left; edge i runs from corner i to the next. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

function crossing(values: Float64Array, grid: Grid, column: number, row: number): Segment[] {
  const corner = CORNERS.map(([dx, dy]) => values[(row + dy) * grid.columns + column + dx] ?? -1);
  const cuts = CORNERS.flatMap(([dx, dy], i) => {
    const next = (i + 1) % 4;
    const [from, to] = [corner[i] ?? -1, corner[next] ?? -1];
    if (from > 0 === to > 0) return [];
    const share = from / (from - to);
    const [ex, ey] = CORNERS[next] ?? [0, 0];
    const x = grid.x0 + (column + dx + share * (ex - dx)) * grid.cell;
    const y = grid.y0 + (row + dy + share * (ey - dy)) * grid.cell;
    return [{ at: [x, y] as Point, leaves: from > 0 }];
  });
  const [a, b, c, d] = cuts;
  if (!a || !b) return [];
  if (!c || !d) return [a.leaves ? [a.at, b.at] : [b.at, a.at]];
  // a saddle: what is positive in the middle stays together
  const isJoined = corner.reduce((sum, value) => sum + value, 0) > 0;
  const pairs =
    isJoined === a.leaves
      ? [
          [a, b],
          [c, d],
        ]
      : [
          [b, c],
          [d, a],
        ];
  return pairs.flatMap(([p, q]): Segment[] => (p && q ? [p.leaves ? [p.at, q.at] : [q.at, p.at]] : []));
}

const keyOf = ([x, y]: Point): string => `${Math.round(x * 4096)} ${Math.round(y * 4096)}`;

function rings(segments: readonly Segment[]): Ring[] {
  const following = new Map(segments.map((segment) => [keyOf(segment[0]), segment]));
  const out: Ring[] = [];
  for (const [start] of segments) {
    const ring: Ring = [];
    let key = keyOf(start);
    for (let segment = following.get(key); segment; segment = following.get(key)) {
      following.delete(key);
      ring.push(segment[0]);
      key = keyOf(segment[1]);
    }
    if (ring.length >= 3) out.push(ring);
  }
  return out;
}

/** Rings inside rings are holes. */
function evenOdd(found: readonly Ring[]): Polygon[] {
  const ordered = found.toSorted((a, b) => Math.abs(ringArea(b)) - Math.abs(ringArea(a)));
  const polygons: Polygon[] = [];
  for (const ring of ordered) {
    const [probe] = ring;
    const home = probe && polygons.findLast((polygon) => contains(polygon, probe));
    if (home) home.push(ring);
    else polygons.push([ring]);
  }
  return union(polygons, []);
}
