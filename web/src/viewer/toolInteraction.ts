/** Feeds pointer events of the map to the current tool; what the tool does not take pans the picture. */
import Interaction from "ol/interaction/Interaction";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import { toImage } from "./space";
import { CLICK_PX, moved, type Tool, type ToolPointer } from "./tools/tool";

type PointerLike = MapBrowserEvent<PointerEvent | KeyboardEvent | WheelEvent>;

export class ToolInteraction extends Interaction {
  private isTaken = false;
  private pressed: ToolPointer | null = null;
  /** The fingers on the glass: two of them move the picture, whatever the tool. */
  private readonly fingers = new Set<number>();

  constructor(
    private readonly tool: () => Tool,
    private readonly isOthers: (event: MouseEvent) => boolean,
    private readonly onIdleDoubleClick: () => void,
  ) {
    super();
  }

  override handleEvent(event: PointerLike): boolean {
    const original = event.originalEvent;
    if (!(original instanceof MouseEvent)) return true;
    const pointer = this.pointerOf(event, original);
    switch (event.type) {
      case "pointerdown":
        return this.isGesture(original) || this.pressedAt(pointer, original);
      case "pointerdrag":
        return this.dragged(pointer);
      case "pointerup":
        if (original instanceof PointerEvent) this.fingers.delete(original.pointerId);
        return this.released(pointer);
      case "pointermove":
        if (!event.dragging) this.tool().hover(pointer);
        return true;
      case "dblclick":
        if (!this.tool().doubleClick(pointer)) this.onIdleDoubleClick();
        return false;
      case "contextmenu":
        if (!this.tool().alternate(pointer)) return true;
        original.preventDefault();
        return false;
      default:
        return true;
    }
  }

  /** True from the second finger on: what the first one began is given up. */
  private isGesture(original: MouseEvent): boolean {
    if (!(original instanceof PointerEvent) || original.pointerType !== "touch") return false;
    if (original.isPrimary) this.fingers.clear();
    this.fingers.add(original.pointerId);
    if (this.fingers.size < 2) return false;
    if (this.isTaken) this.tool().abort();
    this.isTaken = false;
    this.pressed = null;
    return true;
  }

  private pressedAt(pointer: ToolPointer, original: MouseEvent): boolean {
    this.pressed = null;
    if (original.button !== 0 || this.isOthers(original)) return true;
    this.pressed = pointer;
    this.isTaken = this.tool().down(pointer);
    return !this.isTaken;
  }

  private dragged(pointer: ToolPointer): boolean {
    if (!this.isTaken) return true;
    this.tool().drag(pointer);
    return false;
  }

  private released(pointer: ToolPointer): boolean {
    const { pressed, isTaken } = this;
    this.pressed = null;
    this.isTaken = false;
    if (!pressed) return true;
    if (isTaken) this.tool().up(pointer);
    else if (moved(pressed, pointer) < CLICK_PX) this.tool().click(pointer);
    return !isTaken;
  }

  private pointerOf(event: PointerLike, original: MouseEvent): ToolPointer {
    const [px = 0, py = 0] = event.pixel;
    return {
      at: toImage(event.coordinate),
      pixel: [px, py],
      resolution: event.map.getView().getResolution() ?? 1,
      shift: original.shiftKey,
      alt: original.altKey,
      ctrl: original.ctrlKey || original.metaKey,
    };
  }
}
