/** Training that follows the scribbles: a moment after the last one, and never twice on the same. */
import { useEffect, useRef } from "react";

const REST_MS = 1000;

interface Live {
  readonly isOn: boolean;
  readonly isBusy: boolean;
  /** What there is to learn from, in a word; null where nothing is new. */
  readonly material: string | null;
  train(): void;
}

export function useLiveTraining({ isOn, isBusy, material, train }: Live): void {
  const tried = useRef<string | null>(null);
  const latest = useRef(train);
  latest.current = train;
  useEffect(() => {
    if (!isOn || isBusy || material === null || material === tried.current) return;
    const timer = setTimeout(() => {
      tried.current = material;
      latest.current();
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [isOn, isBusy, material]);
}
