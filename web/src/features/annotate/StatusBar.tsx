/** The line at the bottom: what the tool expects, and whether the work is saved. */
import { IconCloudCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useWorkspace } from "../../state/workspace";
import type { ToolName } from "../../viewer/tools/tool";

const HINTS: Record<ToolName, string> = {
  move: "Drag to pan · wheel to zoom · click an object to select it · double-click beside objects to fit",
  select:
    "Click to select · Ctrl-click adds or takes away · Shift-drag a box · drag a corner · double-click an edge adds one, Alt-click deletes one",
  rectangle: "Drag from corner to corner · Shift makes it square · Space-drag pans",
  ellipse: "Drag from corner to corner · Shift makes it round · Space-drag pans",
  polygon:
    "Click corners, or drag a stretch by hand · Enter, double-click or the first corner closes · Backspace takes one back · Esc cancels",
  freehand: "Drag around the object and release",
  brush:
    "Drag to paint · starts inside the selected object, or with Shift: adds to it · Alt erases · [ and ] change the size",
  eraser: "Drag to take away from the selected object · [ and ] change the size",
  point: "Click to set a point",
  region: "Drag the rectangle that shall be segmented · Esc cancels",
};

const SAVE = {
  saved: { text: "Saved", Icon: IconCloudCheck },
  saving: { text: "Saving…", Icon: IconCloudUp },
  offline: { text: "Offline, retrying", Icon: IconCloudOff },
} as const;

function SaveState() {
  const { state, waiting } = useWorkspace((s) => s.save);
  const { text, Icon } = SAVE[state];
  return (
    <span className="save-state" data-testid="save-state" data-state={state} role="status">
      <Icon size={14} stroke={1.7} />
      {text}
      {state === "offline" && waiting > 1 ? ` (${waiting} changes wait)` : ""}
    </span>
  );
}

export function StatusBar({ children }: { children: ReactNode }) {
  const tool = useWorkspace((s) => s.tool);
  const count = useWorkspace((s) => s.selection.length);
  return (
    <footer className="statusbar">
      <SaveState />
      <span className="hints" data-testid="hint">
        {HINTS[tool]}
      </span>
      {count > 0 ? (
        <span data-testid="selection-count">
          {count === 1 ? "1 object selected" : `${count} objects selected`}
        </span>
      ) : null}
      {children}
    </footer>
  );
}
