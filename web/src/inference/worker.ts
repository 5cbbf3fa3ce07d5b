/** Runs networks beside the page. */
import code from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { Answered, Asked } from "../pixels/latest";
import type { Answer, Ask } from "./asks";
import type { Network } from "./maps";
import type { NetworkSpec } from "./model";
import { networkOf } from "./session";
import { suggestion } from "./suggestion";

const loaded = new Map<string, { spec: NetworkSpec; network: Network }>();

async function answerTo(ask: Ask): Promise<Answer> {
  if (ask.name === "suggest") {
    const one = loaded.get(ask.sha256);
    if (!one) throw new Error("The model is not loaded.");
    return suggestion(one.network, one.spec, ask.wish);
  }
  const { spec } = ask;
  const network = await networkOf(ask.weights, { address: new URL(code, self.location.href).href });
  // the first run takes longer than the others: do it before somebody waits
  const side = Math.max(spec.smallest, 128);
  const data = new Float32Array(spec.channels * side * side);
  await network({ width: side, height: side, count: spec.channels, data });
  loaded.set(spec.sha256, { spec, network });
  return true;
}

self.onmessage = async ({ data: { id, request } }: MessageEvent<Asked<Ask>>) => {
  let answer: Answered<Answer>;
  try {
    answer = { id, response: await answerTo(request) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
