/** Where the keys of the review go while its tab is open. */

export interface ReviewDesk {
  accept(): void;
  reject(): void;
}

let desk: ReviewDesk | null = null;

/** The tab takes the keys while it is open; the answer gives them back. */
export function openDesk(opened: ReviewDesk): () => void {
  desk = opened;
  return () => {
    if (desk === opened) desk = null;
  };
}

/** Whether there was something to do. */
export function runReview(name: string): boolean {
  if (!desk) return false;
  if (name === "accept") desk.accept();
  else if (name === "reject") desk.reject();
  else return false;
  return true;
}
