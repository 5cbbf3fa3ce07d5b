/** Lists fetched anew when they may have changed, however often that is said: not more than one request at a time. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { hashKey } from "@tanstack/react-query";

/** Between the end of one request and the next (ms): a hundred images that arrive tell it some hundred times. */
const PAUSE_MS = 300;

/** By list: whether it may have changed again since it was asked for. */
type UnderWay = Map<string, boolean>;
const known = new WeakMap<QueryClient, UnderWay>();

function underWayOf(client: QueryClient): UnderWay {
  const found = known.get(client) ?? new Map<string, boolean>();
  known.set(client, found);
  return found;
}

/** At once if nothing is under way for this key; else once more, shortly after that has ended. */
export function renew(client: QueryClient, queryKey: QueryKey): void {
  const name = hashKey(queryKey);
  const underWay = underWayOf(client);
  if (underWay.has(name)) {
    underWay.set(name, true);
    // who looks at it for the first time meanwhile asks at once
    void client.invalidateQueries({ queryKey, refetchType: "none" });
    return;
  }
  underWay.set(name, false);
  void client.invalidateQueries({ queryKey }).finally(() =>
    setTimeout(() => {
      const isOld = underWay.get(name);
      underWay.delete(name);
      if (isOld) renew(client, queryKey);
    }, PAUSE_MS),
  );
}
