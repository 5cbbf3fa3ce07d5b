/** How the mouse and fingers move the picture, and when they drive the tool in hand instead. */

import DragPan from "ol/interaction/DragPan";
import DragRotate from "ol/interaction/DragRotate";
import type Interaction from "ol/interaction/Interaction";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom";
import PinchZoom from "ol/interaction/PinchZoom";
import Kinetic from "ol/Kinetic";
import { ToolInteraction } from "./toolInteraction";
import type { Tool } from "./tools/tool";
import { WheelPan } from "./wheelPan";

export interface Hands {
  tool(): Tool;
  /** Whether the picture is dragged whatever the tool. */
  isPanning(): boolean;
  /** Whether the mouse turns the picture. */
  turnsView(event: MouseEvent): boolean;
  fit(): void;
  /** Whether the wheel pans and zooms only with Ctrl, as suits a trackpad. */
  wheelPans(): boolean;
}

export const interactions = ({ tool, isPanning, turnsView, fit, wheelPans }: Hands): Interaction[] => [
  new DragPan({
    condition: ({ originalEvent: e }) => e instanceof MouseEvent && e.button <= 1 && !turnsView(e),
    kinetic: new Kinetic(-0.005, 0.05, 100),
  }),
  new DragRotate({ condition: ({ originalEvent: e }) => e instanceof MouseEvent && turnsView(e) }),
  new MouseWheelZoom({
    duration: 120,
    constrainResolution: false,
    condition: ({ originalEvent: e }) =>
      !wheelPans() || (e instanceof WheelEvent && (e.ctrlKey || e.metaKey)),
  }),
  new WheelPan(wheelPans),
  new PinchZoom(),
  new ToolInteraction(tool, (event) => isPanning() || turnsView(event), fit),
];
