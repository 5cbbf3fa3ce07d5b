/** What the worker with the networks is asked. */
import type { Polygon } from "../geometry/types";
import type { NetworkSpec } from "./model";
import type { Wish } from "./suggestion";

export type Ask =
  | { readonly name: "load"; readonly spec: NetworkSpec; readonly weights: Uint8Array }
  | { readonly name: "suggest"; readonly sha256: string; readonly wish: Wish };

/** True of a loaded network; the outline of a suggestion. */
export type Answer = true | Polygon[];
