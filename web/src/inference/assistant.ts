/** The worker with the networks as functions, and what it learns of the objects' size. */
import { fetchWeights } from "../api/models";
import type { ModelDetails } from "../api/types";
import type { Polygon } from "../geometry/types";
import { LatestOnly, type Line } from "../pixels/latest";
import type { Answer, Ask } from "./asks";
import { type NetworkSpec, specOf } from "./model";
import type { Wish } from "./suggestion";
import { DatabaseStore, type WeightStore, weightsOf } from "./weights";

interface World {
  open(): Line;
  readonly store: WeightStore;
  fetch(name: string, sha256: string): Promise<Uint8Array>;
}

const BROWSER: World = {
  open: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  store: new DatabaseStore(),
  fetch: fetchWeights,
};

export class Assistant {
  private readonly line: LatestOnly<Ask, Answer>;
  private readonly ready = new Map<string, Promise<NetworkSpec>>();

  constructor(private readonly world: World = BROWSER) {
    const kindOf = (ask: Ask): string => (ask.name === "load" ? `load ${ask.spec.sha256}` : ask.name);
    this.line = new LatestOnly(world.open, kindOf);
  }

  /** Fetches a model and makes it ready; a second call costs nothing. After an error the next call tries again. */
  prepare(model: ModelDetails): Promise<NetworkSpec> {
    const spec = specOf(model);
    const known = this.ready.get(spec.sha256);
    if (known) return known;
    const made = this.load(spec);
    this.ready.set(spec.sha256, made);
    made.catch(() => this.ready.delete(spec.sha256));
    return made;
  }

  /** The outline, image pixels; null where a newer wish took its place. */
  async suggest(model: ModelDetails, wish: Wish): Promise<Polygon[] | null> {
    const { sha256 } = await this.prepare(model);
    try {
      const answer = await this.line.ask({ name: "suggest", sha256, wish });
      return Array.isArray(answer) ? answer : null;
    } catch (error) {
      // a worker that broke has lost its networks
      this.ready.delete(sha256);
      throw error;
    }
  }

  private async load(spec: NetworkSpec): Promise<NetworkSpec> {
    const { store, fetch } = this.world;
    const weights = await weightsOf(spec.sha256, store, () => fetch(spec.name, spec.sha256));
    await this.line.ask({ name: "load", spec, weights });
    return spec;
  }
}
