/** All tools by name. */
import { AssistTool } from "./assist";
import { EllipseTool, RectangleTool, RegionTool } from "./box";
import { BrushTool, EraserTool } from "./brush";
import { AngleTool, ArrowTool, LineTool, RulerTool, SplitTool } from "./path";
import { ClassifyTool, LassoTool } from "./pick";
import { FreehandTool, PolygonTool } from "./polygon";
import { FillTool, ThresholdTool, WandTool } from "./regions";
import { MoveTool, PointTool, SelectTool } from "./select";
import { SuperpixelTool } from "./superpixel";
import type { Tool, ToolHost, ToolName } from "./tool";
import { TransformTool } from "./transform";

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
  line: LineTool,
  arrow: ArrowTool,
  ruler: RulerTool,
  angle: AngleTool,
  lasso: LassoTool,
  split: SplitTool,
  transform: TransformTool,
  classify: ClassifyTool,
  wand: WandTool,
  fill: FillTool,
  threshold: ThresholdTool,
  superpixel: SuperpixelTool,
  assist: AssistTool,
  region: RegionTool,
};

export const makeTool = (name: ToolName, host: ToolHost): Tool => new MAKERS[name](host);
