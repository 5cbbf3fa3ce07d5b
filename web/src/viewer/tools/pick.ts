/** Tools that choose objects: the lasso, and the one that gives classes. */
import { repaired } from "../../geometry/boolean";
import { TOO_SMALL } from "./outlines";
import { FreehandTool } from "./polygon";
import { IdleTool, type ToolPointer } from "./tool";

/** Selects what lies inside a line drawn by hand; with Ctrl it is added to the selection. */
export class LassoTool extends FreehandTool {
  private toggles = false;

  override down(pointer: ToolPointer): boolean {
    this.toggles = pointer.ctrl || pointer.shift;
    return super.down(pointer);
  }

  override finish(): void {
    const { points } = this;
    this.cancel();
    const enclosed = repaired(points);
    if (enclosed.length === 0) this.host.say(TOO_SMALL);
    else this.host.lassoed(enclosed, this.toggles ? "toggle" : "replace");
  }
}

/** Every clicked object gets the active class. */
export class ClassifyTool extends IdleTool {
  override readonly cursor = "cell";
  override click(pointer: ToolPointer): void {
    this.host.classify(pointer.pixel);
  }
}
