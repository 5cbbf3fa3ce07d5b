/** The panels beside the picture: each folds away, the right one is as wide as one likes. */
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import type { CSSProperties, KeyboardEvent, PointerEvent } from "react";
import { LEFT_PX, RIGHT_RANGE_PX, resizeRight, togglePanel, usePanels } from "../state/panels";

/** The widths as variables for the grid of the workbench. */
export function usePanelWidths(): CSSProperties {
  const { left, right, rightPx } = usePanels();
  return {
    "--left-px": left ? `${LEFT_PX}px` : "0px",
    "--right-px": right ? `min(${rightPx}px, 60vw)` : "0px",
  } as CSSProperties;
}

const NAMES = { left: "layers and classes", right: "objects and analysis" } as const;

export function SideToggle({ side }: { side: "left" | "right" }) {
  const isOpen = usePanels((panels) => panels[side]);
  const Icon = (side === "left") === isOpen ? IconChevronLeft : IconChevronRight;
  return (
    <button
      type="button"
      className="side-toggle"
      data-side={side}
      aria-expanded={isOpen}
      aria-label={`Panel of ${NAMES[side]}`}
      title={`${isOpen ? "Hide" : "Show"} ${NAMES[side]}`}
      onClick={() => togglePanel(side)}
      data-testid={`toggle-${side}`}
    >
      <Icon size={14} aria-hidden />
    </button>
  );
}

const STEP_PX = 24;

export function SideEdge() {
  const { right, rightPx } = usePanels();
  if (!right) return null;
  const drag = (event: PointerEvent) => {
    if (event.buttons === 1) resizeRight(window.innerWidth - event.clientX);
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: STEP_PX, ArrowRight: -STEP_PX }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    resizeRight(rightPx + by);
  };
  return (
    <div
      className="side-edge"
      style={{ right: "calc(var(--right-px) - 4px)" }}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Width of the right panel"
      aria-valuenow={rightPx}
      aria-valuemin={RIGHT_RANGE_PX[0]}
      aria-valuemax={RIGHT_RANGE_PX[1]}
      title="Drag to resize"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={step}
      data-testid="resize-right"
    />
  );
}
