/** How many objects lie under the pointer, where there are too many to show them one by one. */
import { useEffect, useState } from "react";
import type { Term } from "../../api/types";
import { useWorkspace } from "../../state/workspace";

/** As many classes as the status bar has room for. */
const MOST_CLASSES = 3;

export function CrowdReadout({ terms }: { terms: readonly Term[] }) {
  const viewer = useWorkspace((s) => s.viewer);
  const [counts, setCounts] = useState<[term: number, count: number][]>([]);
  useEffect(
    () => viewer?.events.on("pointer", (place) => setCounts(place ? viewer.crowdAt(place) : [])),
    [viewer],
  );
  if (counts.length === 0) return null;
  const nameOf = (term: number) => terms.find(({ id }) => id === term)?.name ?? "unclassified";
  const named = counts.slice(0, MOST_CLASSES).map(([term, count]) => `${count} ${nameOf(term)}`);
  return (
    <span className="readout" data-testid="crowd-readout">
      Here: {named.join(", ")}
      {counts.length > MOST_CLASSES ? " …" : ""}
    </span>
  );
}
