/** Overview tiles: how many objects of each class lie in each square, coloured here and not by the server. */
import type { StyleRules } from "./styles";
import { UNCLASSIFIED } from "./styles";

export const RASTER_TYPE = "application/vnd.cytoloop.classes";

export interface ClassPlane {
  readonly term: number;
  readonly isPredicted: boolean;
  /** One for each square, row by row: `2 ** (level / 8) - 1` objects. */
  readonly levels: Uint8Array;
}

export interface ClassRaster {
  readonly side: number;
  readonly planes: readonly ClassPlane[];
}

interface Header {
  side: number;
  planes: { term: number; predicted: boolean }[];
}

export function parseRaster(data: ArrayBuffer): ClassRaster {
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as Header;
  const size = header.side ** 2;
  const planes = header.planes.map(({ term, predicted }, index) => ({
    term,
    isPredicted: predicted,
    levels: new Uint8Array(data, 4 + length + index * size, size),
  }));
  return { side: header.side, planes };
}

/** Objects that a level stands for. */
const COUNTS = Float32Array.from({ length: 256 }, (_, level) => 2 ** (level / 8) - 1);

export type RasterRules = Pick<StyleRules, "colors" | "hiddenTerms" | "showsPredictions">;

/** Planes that are to be seen. */
export const visiblePlanes = ({ planes }: ClassRaster, rules: RasterRules): ClassPlane[] =>
  planes.filter(
    ({ term, isPredicted }) => !rules.hiddenTerms.has(term) && (rules.showsPredictions || !isPredicted),
  );

const channels = (color: string): [number, number, number] => {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
};

/** One object is plain to see, and many in a square are nearly opaque. */
const opacityOf = (count: number): number => Math.min(235, 120 + 22 * Math.log2(1 + count));

/** Each square in the colour of the class that most of its visible objects have; RGBA, row by row. */
export function painted(raster: ClassRaster, rules: RasterRules): Uint8ClampedArray<ArrayBuffer> {
  const planes = visiblePlanes(raster, rules);
  const colors = planes.map(({ term }) => channels(rules.colors.get(term) ?? UNCLASSIFIED));
  const size = raster.side ** 2;
  const out = new Uint8ClampedArray(size * 4);
  for (let square = 0; square < size; square += 1) {
    let [most, total, winner] = [0, 0, -1];
    for (let index = 0; index < planes.length; index += 1) {
      const level = planes[index]?.levels[square] ?? 0;
      if (level === 0) continue;
      total += COUNTS[level] ?? 0;
      if (level > most) {
        most = level;
        winner = index;
      }
    }
    const color = colors[winner];
    if (color) out.set([...color, opacityOf(total)], square * 4);
  }
  return out;
}

/** How many visible objects of each class lie around a square, most first. */
export function countsAt(
  raster: ClassRaster,
  rules: RasterRules,
  [column, row]: readonly [number, number],
): [term: number, count: number][] {
  const found = new Map<number, number>();
  for (const { term, levels } of visiblePlanes(raster, rules)) {
    const count = Math.round(COUNTS[levels[row * raster.side + column] ?? 0] ?? 0);
    if (count > 0) found.set(term, (found.get(term) ?? 0) + count);
  }
  return [...found].toSorted((a, b) => b[1] - a[1]);
}

export function canvasOfPixels(pixels: Uint8ClampedArray<ArrayBuffer>, side: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, side, side), 0, 0);
  return canvas;
}
