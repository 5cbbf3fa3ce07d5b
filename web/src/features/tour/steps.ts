/** What a first visit shows, one thing at a time. */

export interface TourStep {
  readonly title: string;
  readonly text: string;
  /** The `data-testid` of what is meant. */
  readonly points: string;
}

export const STEPS: readonly TourStep[] = [
  {
    title: "Look around",
    text: "The wheel zooms at the pointer, dragging moves, a double-click beside objects fits the picture. Space-drag moves in any tool.",
    points: "viewer",
  },
  {
    title: "Find objects",
    text: "Segment finds nuclei with no parameter to set. What it finds is dashed until somebody accepts it.",
    points: "tab-segment",
  },
  {
    title: "Correct and draw",
    text: "Take a tool and draw. Held at the start of a stroke, Shift adds to the selected object, Alt takes away. Contour assist (A) finds an outline under a careless line.",
    points: "tool-polygon",
  },
  {
    title: "Give classes",
    text: "Number keys set the class of the selection, / searches all classes by name.",
    points: "classes",
  },
  {
    title: "Measure and take away",
    text: "Measure fills a table with sizes, shapes and intensities. The menu of a layer exports to QuPath, ImageJ, COCO and more.",
    points: "tab-measure",
  },
  {
    title: "Nothing gets lost",
    text: "Every change is saved at once and can be undone, also after a reload. Ctrl+K finds every command, ? shows every key.",
    points: "save-state",
  },
];

const KEY = "cytoloop-tour-seen";

export function isTourSeen(): boolean {
  try {
    return window.localStorage.getItem(KEY) !== null;
  } catch {
    // without storage it would come up every time
    return true;
  }
}

export function rememberTour(): void {
  try {
    window.localStorage.setItem(KEY, "1");
  } catch {
    // then it comes again
  }
}
