/** The tools, and undo. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, Fragment } from "react";
import { historyQuery } from "../../api/layers";
import { keysOf } from "../../keys/keymap";
import { LOOKING } from "../../state/commands";
import { useKeySettings } from "../../state/keys";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { TOOL_GROUPS } from "./tools";

interface ToolButtonProps {
  label: string;
  keys: string;
  testId: string;
  icon: ComponentType<{ size: number; stroke: number }>;
  isPressed?: boolean;
  isDisabled?: boolean;
  onClick(): void;
}

function ToolButton({ label, keys, testId, icon: Icon, isPressed, isDisabled, onClick }: ToolButtonProps) {
  return (
    <Tooltip label={keys ? `${label} (${keys})` : label} position="right">
      <ActionIcon
        size={32}
        aria-label={label}
        {...(isPressed === undefined ? {} : { "aria-pressed": isPressed })}
        disabled={isDisabled ?? false}
        data-testid={testId}
        onClick={onClick}
      >
        <Icon size={18} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

export function Toolbar({ imageId, mayDraw }: { imageId: string; mayDraw: boolean }) {
  const tool = useWorkspace((s) => s.tool);
  const keymap = useKeySettings((s) => s.keymap);
  const editor = useWorkspace((s) => s.editor);
  const hasSelection = useWorkspace((s) => s.selection.length > 0);
  const { data: history } = useQuery(historyQuery(imageId));
  return (
    <div className="toolbar" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {TOOL_GROUPS.map((group, index) => (
        <Fragment key={group[0]?.name}>
          {index > 0 ? <div className="toolbar-line" /> : null}
          {group.map(({ name, label, icon }) => (
            <ToolButton
              key={name}
              label={label}
              keys={keysOf(`tool.${name}`, keymap)}
              testId={`tool-${name}`}
              icon={icon}
              isPressed={tool === name}
              isDisabled={!mayDraw && !LOOKING.includes(name)}
              onClick={() => setWorkspace({ tool: name })}
            />
          ))}
        </Fragment>
      ))}
      <div className="toolbar-line" />
      <ToolButton
        label={history?.undo_label ? `Undo: ${history.undo_label}` : "Undo"}
        keys={keysOf("edit.undo", keymap)}
        testId="undo"
        icon={IconArrowBackUp}
        isDisabled={!history?.undo_count}
        onClick={() => void editor?.undo()}
      />
      <ToolButton
        label={history?.redo_label ? `Redo: ${history.redo_label}` : "Redo"}
        keys={keysOf("edit.redo", keymap)}
        testId="redo"
        icon={IconArrowForwardUp}
        isDisabled={!history?.redo_count}
        onClick={() => void editor?.redo()}
      />
      <ToolButton
        label="Delete the selection"
        keys={keysOf("edit.delete", keymap)}
        testId="delete-selection"
        icon={IconTrash}
        isDisabled={!hasSelection || !mayDraw}
        onClick={() => editor?.deleteSelection()}
      />
    </div>
  );
}
