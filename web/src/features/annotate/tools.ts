/** The tools as the page shows them: group by group, with what each expects. */
import {
  IconAngle,
  IconArrowUpRight,
  IconBrush,
  IconBucketDroplet,
  IconCircle,
  IconContrast,
  IconEraser,
  IconGrain,
  IconHandStop,
  IconLasso,
  IconLine,
  IconPointer,
  IconPointFilled,
  IconPolygon,
  IconRectangle,
  IconRuler2,
  IconScribble,
  IconSlice,
  IconSparkles,
  IconTag,
  IconTransform,
  IconWand,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { ToolName } from "../../viewer/tools/tool";

export interface ToolEntry {
  readonly name: ToolName;
  readonly label: string;
  readonly icon: ComponentType<{ size: number; stroke: number }>;
  readonly hint: string;
}

const MODES =
  "Shift adds to the selected object · Alt takes away · Shift+Alt keeps the overlap · Ctrl+Shift avoids the neighbours";

export const TOOL_GROUPS: readonly (readonly ToolEntry[])[] = [
  [
    {
      name: "move",
      label: "Move",
      icon: IconHandStop,
      hint: "Drag to pan · wheel to zoom · click an object to select it · double-click beside objects to fit",
    },
    {
      name: "select",
      label: "Select and edit corners",
      icon: IconPointer,
      hint: "Click to select · Ctrl-click adds or takes away · Shift-drag a box · drag a corner · double-click an edge adds one, Alt-click deletes one",
    },
    {
      name: "lasso",
      label: "Lasso selection",
      icon: IconLasso,
      hint: "Draw around objects to select them · Ctrl adds to the selection",
    },
    {
      name: "transform",
      label: "Move, turn and scale",
      icon: IconTransform,
      hint: "Drag the selection to move it · a corner scales, with Shift each side by itself · the handle above turns, with Shift in steps",
    },
    {
      name: "classify",
      label: "Classify",
      icon: IconTag,
      hint: "Click objects to give them the active class · number keys choose the class",
    },
    {
      name: "split",
      label: "Split",
      icon: IconSlice,
      hint: "Select areas, then draw a line right through them",
    },
  ],
  [
    {
      name: "rectangle",
      label: "Rectangle",
      icon: IconRectangle,
      hint: `Drag from corner to corner · Shift while dragging makes it square · ${MODES}`,
    },
    {
      name: "ellipse",
      label: "Ellipse",
      icon: IconCircle,
      hint: `Drag from corner to corner · Shift while dragging makes it round · ${MODES}`,
    },
    {
      name: "polygon",
      label: "Polygon",
      icon: IconPolygon,
      hint: `Click corners, or drag a stretch · Enter, double-click or the first corner closes · Backspace takes one back · ${MODES}`,
    },
    {
      name: "freehand",
      label: "Freehand",
      icon: IconScribble,
      hint: `Drag around the object and release · ${MODES}`,
    },
    {
      name: "brush",
      label: "Brush",
      icon: IconBrush,
      hint: "Drag to paint · inside the selected object, or with Shift, it adds · Alt erases · F fills holes · [ and ] change the size",
    },
    {
      name: "eraser",
      label: "Eraser",
      icon: IconEraser,
      hint: "Drag to take away from the selected object · [ and ] change the size",
    },
  ],
  [
    {
      name: "wand",
      label: "Magic wand",
      icon: IconWand,
      hint: `Press on the object and drag away to take in more · strong edges hold it · ${MODES}`,
    },
    {
      name: "fill",
      label: "Colour fill",
      icon: IconBucketDroplet,
      hint: `Click: what touches and has this colour · the tolerance is beside the tools · ${MODES}`,
    },
    {
      name: "threshold",
      label: "Threshold in a box",
      icon: IconContrast,
      hint: `Drag a box around the object, with some background · ${MODES}`,
    },
    {
      name: "superpixel",
      label: "Superpixels",
      icon: IconGrain,
      hint: "Click or drag over patches to take them · Alt gives them back · [ and ] change their size · Enter or double-click finishes",
    },
    {
      name: "assist",
      label: "Contour assist",
      icon: IconSparkles,
      hint: "Draw a careless line over the object, click it, or Ctrl-drag a box · Shift-drag adds, Alt-drag and right click take away · Enter or Q accepts, Esc rejects, U inverts, G snaps to edges",
    },
  ],
  [
    { name: "point", label: "Point", icon: IconPointFilled, hint: "Click to set a point" },
    {
      name: "line",
      label: "Line",
      icon: IconLine,
      hint: "Drag a line, or click points and press Enter · Shift keeps to eight directions",
    },
    { name: "arrow", label: "Arrow", icon: IconArrowUpRight, hint: "Drag from the tail to the head" },
    {
      name: "ruler",
      label: "Ruler",
      icon: IconRuler2,
      hint: "Drag to measure, or click points and press Enter · Enter again keeps it as a line · Esc puts it away",
    },
    {
      name: "angle",
      label: "Angle",
      icon: IconAngle,
      hint: "Click one arm, the corner, the other arm · Enter keeps it · Esc puts it away",
    },
  ],
];

const HINTS: Partial<Record<ToolName, string>> = {
  region: "Drag the rectangle that shall be segmented · Esc cancels",
  ...Object.fromEntries(TOOL_GROUPS.flat().map(({ name, hint }) => [name, hint])),
};

export const hintOf = (tool: ToolName): string => HINTS[tool] ?? "";
