/** Where the keys of labelling go while the tab "Classify" or "Landmarks" is open. */

export interface LabelDesk {
  next(): void;
  accept(): void;
}

let desk: LabelDesk | null = null;

/** The tab takes the keys while it is open; the answer gives them back. */
export function openLabelDesk(opened: LabelDesk): () => void {
  desk = opened;
  return () => {
    if (desk === opened) desk = null;
  };
}

/** Whether there was something to do. */
export function runLabelling(name: string): boolean {
  if (!desk) return false;
  if (name === "next") desk.next();
  else if (name === "accept") desk.accept();
  else return false;
  return true;
}
