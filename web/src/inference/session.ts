/** A network in ONNX Runtime Web, in this thread. */
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Network } from "./maps";
import type { Planes } from "./preprocessing";

/** Where the runtime's own code lies: its address, or the code itself. */
export type RuntimeCode = { readonly address: string } | { readonly bytes: ArrayBuffer };

export async function networkOf(weights: Uint8Array, code: RuntimeCode): Promise<Network> {
  // more threads need headers that would keep other pages from embedding the app
  env.wasm.numThreads = 1;
  env.logLevel = "error";
  if ("address" in code) env.wasm.wasmPaths = { wasm: code.address };
  else env.wasm.wasmBinary = code.bytes;
  const session = await InferenceSession.create(weights, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const [input = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  return async ({ width, height, count, data }: Planes): Promise<Planes> => {
    const found = (await session.run({ [input]: new Tensor("float32", data, [1, count, height, width]) }))[
      output
    ];
    if (!found || !(found.data instanceof Float32Array))
      throw new Error("The network gave no map of numbers.");
    const [, channels = 1, h = height, w = width] = found.dims;
    return { width: w, height: h, count: channels, data: found.data };
  };
}
