/** The line at the bottom: what the tool expects, and whether the work is saved. */
import { IconCloudCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useWorkspace } from "../../state/workspace";
import { StuckChanges } from "./StuckChanges";
import { hintOf } from "./tools";

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
      {state === "offline" && waiting > 0
        ? ` (${waiting === 1 ? "1 change waits" : `${waiting} changes wait`})`
        : ""}
    </span>
  );
}

export function StatusBar({ children }: { children: ReactNode }) {
  const tool = useWorkspace((s) => s.tool);
  const count = useWorkspace((s) => s.selection.length);
  return (
    <footer className="statusbar">
      <SaveState />
      <StuckChanges />
      <span className="hints" data-testid="hint">
        {hintOf(tool)}
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
