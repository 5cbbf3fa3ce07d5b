/** All tools by name. */
import { EllipseTool, RectangleTool, RegionTool } from "./box";
import { BrushTool, EraserTool } from "./brush";
import { FreehandTool, PolygonTool } from "./polygon";
import { MoveTool, PointTool, SelectTool } from "./select";
import type { Tool, ToolHost, ToolName } from "./tool";

const MAKERS: Record<ToolName, new (host: ToolHost) => Tool> = {
  move: MoveTool,
  select: SelectTool,
  rectangle: RectangleTool,
  ellipse: EllipseTool,
  polygon: PolygonTool,
  freehand: FreehandTool,
  brush: BrushTool,
  eraser: EraserTool,
  point: PointTool,
  region: RegionTool,
};

export const makeTool = (name: ToolName, host: ToolHost): Tool => new MAKERS[name](host);
