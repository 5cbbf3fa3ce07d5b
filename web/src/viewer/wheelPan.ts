/** With a trackpad: two fingers pan the picture, and a pinch (which browsers tell as Ctrl and the wheel) zooms. */
import Interaction from "ol/interaction/Interaction";
import type MapBrowserEvent from "ol/MapBrowserEvent";

const LINE_PX = 40;

export class WheelPan extends Interaction {
  constructor(private readonly isOn: () => boolean) {
    super();
  }

  override handleEvent(event: MapBrowserEvent<PointerEvent | KeyboardEvent | WheelEvent>): boolean {
    const original = event.originalEvent;
    if (event.type !== "wheel" || !(original instanceof WheelEvent)) return true;
    if (!this.isOn() || original.ctrlKey || original.metaKey) return true;
    original.preventDefault();
    const view = event.map.getView();
    const unit =
      (original.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1) * (view.getResolution() ?? 1);
    const [dx, dy] = original.shiftKey
      ? [original.deltaX + original.deltaY, 0]
      : [original.deltaX, original.deltaY];
    const angle = view.getRotation();
    view.adjustCenter([
      (dx * Math.cos(angle) + dy * Math.sin(angle)) * unit,
      (dx * Math.sin(angle) - dy * Math.cos(angle)) * unit,
    ]);
    return false;
  }
}
