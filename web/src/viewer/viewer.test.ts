import { describe, expect, it } from "vitest";
import type { Image } from "../api/types";
import type { Polygon } from "../geometry/types";
import { Assistant } from "../inference/assistant";
import type { PixelDesk } from "../pixels/desk";
import { type ChannelDisplay, channelVariables, toggled, visibleBands } from "./channels";
import { summed, visibleSum } from "./clusters";
import { ContourAssist } from "./contourAssist";
import { TileGenerations } from "./objectLayer";
import { interleave } from "./picture";
import { imageTileGrid, lastVectorZoom, vectorTileGrid } from "./space";
import { makeTool } from "./tools";
import { DEFAULT_OPTIONS } from "./tools/options";
import type { Drawn, EditTarget, Placed, ToolHost, ToolName, ToolPointer } from "./tools/tool";

const image = {
  id: "i",
  width: 2220,
  height: 2967,
  levels: [
    { width: 2220, height: 2967, downsample: 1, tile_width: 240, tile_height: 240 },
    { width: 555, height: 742, downsample: 4, tile_width: 512, tile_height: 512 },
  ],
} as Image;

describe("tile grids", () => {
  it("count levels from the smallest, each with its own tile size", () => {
    const grid = imageTileGrid(image);
    expect(grid.getResolutions()).toEqual([4, 1]);
    expect(grid.getTileSize(1)).toEqual([240, 240]);
    expect(grid.getTileCoordExtent([1, 1, 0])).toEqual([240, -240, 480, 0]);
  });

  it("find the coarse tile that covers a fine one, whatever the tile sizes", () => {
    const grid = imageTileGrid(image);
    const range = grid.getTileRangeForTileCoordAndZ([1, 8, 11], 0);
    expect(range).toMatchObject({ minX: 0, maxX: 1, minY: 1, maxY: 1 });
  });

  it("double 512 px until one vector tile holds the image", () => {
    expect(lastVectorZoom(image)).toBe(3);
    expect(vectorTileGrid(image).getResolutions()).toEqual([8, 4, 2, 1]);
    expect(lastVectorZoom({ ...image, width: 256, height: 256 })).toBe(0);
    expect(lastVectorZoom({ ...image, width: 512, height: 513 })).toBe(1);
  });
});

describe("TileGenerations", () => {
  it("renews the tiles that a change touched, and no other", () => {
    const generations = new TileGenerations(7);
    generations.add(8, [100, 100, 120, 120]);
    expect(generations.of(0, 0, 0)).toBe(8);
    expect(generations.of(0, 2, 0)).toBe(7);
    expect(generations.of(2, 0, 0)).toBe(8);
  });

  it("renews the neighbour where the change is near its edge", () => {
    const generations = new TileGenerations(1);
    generations.add(2, [500, 10, 505, 20]);
    expect(generations.of(0, 1, 0)).toBe(2);
  });

  it("renews all tiles where the change may be anywhere", () => {
    const generations = new TileGenerations(1);
    generations.add(2, [0, 0, 5, 5]);
    generations.add(3, null);
    expect(generations.of(0, 9, 9)).toBe(3);
    expect(generations.newest).toBe(3);
  });
});

describe("bubbles", () => {
  const parts = [
    { term: 1, status: 0, count: 4 },
    { term: 2, status: 1, count: 6 },
  ];

  it("sum the counts of a cell for each class and state, at their middle", () => {
    const counts = [
      { x: 1, y: 1, count: 1, term: 1, status: 0 },
      { x: 3, y: 1, count: 3, term: 2, status: 1 },
      { x: 5, y: 1, count: 4, term: 2, status: 1 },
      { x: 11, y: -1, count: 5, term: 0, status: 0 },
    ];
    expect(summed(counts, 10)).toEqual([
      {
        x: 3.75,
        y: 1,
        parts: [
          { term: 1, status: 0, count: 1 },
          { term: 2, status: 1, count: 7 },
        ],
      },
      { x: 11, y: -1, parts: [{ term: 0, status: 0, count: 5 }] },
    ]);
  });

  it("count only what is to be seen", () => {
    expect(visibleSum(parts, () => true)).toEqual({ count: 10, term: 2 });
    expect(visibleSum(parts, ({ term }) => term !== 2)).toEqual({ count: 4, term: 1 });
    expect(visibleSum(parts, () => false)).toBeNull();
  });
});

describe("channels", () => {
  const channels = Array.from(
    { length: 6 },
    (_, index): ChannelDisplay => ({
      index,
      name: "",
      color: "#ff8000",
      low: 10,
      high: 20,
      gamma: 2,
      isVisible: index < 4,
    }),
  );

  it("fetch all of four, and four of six", () => {
    expect(visibleBands(channels.slice(0, 3).map((c) => ({ ...c, isVisible: false })))).toEqual([0, 1, 2]);
    expect(visibleBands(channels)).toEqual([0, 1, 2, 3]);
  });

  it("close one when a fifth opens", () => {
    const after = toggled(channels, 5);
    expect(after.filter((c) => c.isVisible).map((c) => c.index)).toEqual([0, 1, 2, 5]);
    expect(toggled(after, 5).filter((c) => c.isVisible)).toHaveLength(3);
  });

  it("become shader variables, black where hidden", () => {
    const variables = channelVariables(
      [{ ...channels[0], isVisible: false } as ChannelDisplay, ...channels.slice(1, 2)],
      [0, 1],
    );
    expect(variables).toMatchObject({ b0_red: 0, b1_red: 1, b1_low: 10, b1_span: 10, b1_power: 2 });
  });

  it("interleave a cropped tile into a whole one", () => {
    const out = new Float32Array(3 * 2 * 4);
    interleave([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2], out, 3);
    expect([...out]).toEqual([1, 5, 0, 0, 2, 6, 0, 0, 0, 0, 0, 0, 3, 7, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0]);
  });
});

const desk: PixelDesk = { ask: () => Promise.resolve(null), close: () => undefined };

/** For the tools that do not look at the picture; those that do have a test of their own. */
const NO_PIXELS: Pick<ToolHost, "crop" | "sight" | "options" | "setOptions" | "desk" | "assist"> = {
  crop: () => null,
  sight: () => "",
  options: () => DEFAULT_OPTIONS,
  setOptions: () => undefined,
  desk,
  assist: new ContourAssist(
    new Assistant(),
    desk,
    () => DEFAULT_OPTIONS,
    () => Promise.resolve(),
  ),
};

function bench(name: ToolName, target: EditTarget | null = null, placed: readonly Placed[] = []) {
  const log: string[] = [];
  const drawn: Drawn[] = [];
  const edits: (readonly Polygon[])[] = [];
  const host: ToolHost = {
    size: { width: 200, height: 100 },
    brushRadius: () => 5,
    target: () => target,
    placed: () => placed,
    previewAll: () => undefined,
    replaced: (_objects, affine) => log.push(`replaced ${affine.map((one) => one.toFixed(3)).join(" ")}`),
    splitBy: (line) => log.push(`split ${line.length}`),
    lassoed: (_area, mode) => log.push(`lassoed ${mode}`),
    classify: () => log.push("classify"),
    micrometres: (line) => line.length,
    sketch: () => undefined,
    preview: () => undefined,
    outline: () => undefined,
    drawn: (shape) => drawn.push(shape),
    edited: (_id, polygons) => edits.push(polygons),
    region: () => log.push("region"),
    pick: () => log.push("pick"),
    boxed: () => log.push("boxed"),
    say: (message) => log.push(message),
    ...NO_PIXELS,
  };
  return { tool: makeTool(name, host), log, drawn, edits };
}

const at = (x: number, y: number, held: Partial<ToolPointer> = {}): ToolPointer => ({
  at: [x, y],
  pixel: [x, y],
  resolution: 1,
  shift: false,
  alt: false,
  ctrl: false,
  ...held,
});

function dragTool(tool: ReturnType<typeof makeTool>, points: ToolPointer[]): void {
  const [first, ...rest] = points;
  const last = points.at(-1);
  if (!first || !last) throw new Error("no points");
  tool.down(first);
  for (const point of rest) tool.drag(point);
  tool.up(last);
}

const SQUARE: EditTarget = {
  id: 1,
  polygons: [
    [
      [
        [40, 40],
        [80, 40],
        [80, 80],
        [40, 80],
      ],
    ],
  ],
};

describe("tools", () => {
  it("draw a rectangle, cut at the border of the image", () => {
    const { tool, drawn } = bench("rectangle");
    dragTool(tool, [at(150, 50), at(250, 120)]);
    expect(drawn[0]?.kind).toBe("rectangle");
    expect(drawn[0]?.geometry).toMatchObject({ type: "Polygon" });
    const ring = ((drawn[0]?.geometry.coordinates ?? []) as number[][][])[0] ?? [];
    expect(Math.max(...ring.map(([x = 0]) => x))).toBe(200);
  });

  it("say something where a click was no shape", () => {
    const { tool, drawn, log } = bench("rectangle");
    dragTool(tool, [at(50, 50), at(51, 50)]);
    expect(drawn).toEqual([]);
    expect(log).toHaveLength(1);
  });

  it("close a polygon on its first corner", () => {
    const { tool, drawn } = bench("polygon");
    for (const point of [at(10, 10), at(60, 10), at(60, 60), at(12, 11)]) {
      tool.down(point);
      tool.up(point);
    }
    expect(drawn).toHaveLength(1);
  });

  it("take a corner of a polygon back, and give up on cancel", () => {
    const { tool, drawn, log } = bench("polygon");
    for (const point of [at(10, 10), at(60, 10), at(60, 60)]) {
      tool.down(point);
      tool.up(point);
    }
    tool.back();
    tool.finish();
    expect(drawn).toEqual([]);
    expect(log[0]).toContain("enclosed");
    expect(tool.cancel()).toBe(false);
  });

  it("add with the brush inside the selected object, and make a new one outside", () => {
    const inside = bench("brush", SQUARE);
    dragTool(inside.tool, [at(70, 60), at(100, 60)]);
    expect(inside.edits[0]).toHaveLength(1);
    expect(inside.drawn).toEqual([]);
    const outside = bench("brush", SQUARE);
    dragTool(outside.tool, [at(120, 20), at(140, 20)]);
    expect(outside.drawn).toHaveLength(1);
    const shifted = bench("brush", SQUARE);
    dragTool(shifted.tool, [at(120, 20, { shift: true }), at(140, 20)]);
    expect(shifted.edits[0]).toHaveLength(2);
  });

  it("erase only from a selected object", () => {
    const without = bench("eraser");
    dragTool(without.tool, [at(50, 50), at(60, 60)]);
    expect(without.log[0]).toContain("Select");
    const { tool, edits } = bench("eraser", SQUARE);
    dragTool(tool, [at(60, 30), at(60, 90)]);
    expect(edits[0]).toHaveLength(2);
  });

  it("drag, add and delete a corner", () => {
    const moving = bench("select", SQUARE);
    expect(moving.tool.down(at(41, 41))).toBe(true);
    moving.tool.drag(at(20, 20));
    moving.tool.up(at(20, 20));
    expect(JSON.stringify(moving.edits[0])).toContain("[20,20]");
    const adding = bench("select", SQUARE);
    expect(adding.tool.doubleClick(at(60, 41))).toBe(true);
    expect(adding.edits[0]?.[0]?.[0]).toHaveLength(5);
    const deleting = bench("select", SQUARE);
    deleting.tool.down(at(40, 40, { alt: true }));
    deleting.tool.up(at(40, 40, { alt: true }));
    expect(deleting.edits[0]?.[0]?.[0]).toHaveLength(3);
  });

  it("leave a drag beside everything to the panning", () => {
    expect(bench("select", SQUARE).tool.down(at(150, 50))).toBe(false);
    expect(bench("move").tool.down(at(50, 50))).toBe(false);
  });

  it("set no point outside the image", () => {
    const { tool, drawn, log } = bench("point");
    tool.click(at(-3, 5));
    expect(drawn).toEqual([]);
    expect(log).toHaveLength(1);
    tool.click(at(3, 5));
    expect(drawn[0]?.kind).toBe("point");
  });
});
