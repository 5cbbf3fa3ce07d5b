/** The options of the tools that look at pixels, and which model assists. */
import { create } from "zustand";
import { get } from "../api/http";
import type { Model, ModelDetails } from "../api/types";
import { Assistant } from "../inference/assistant";
import { DEFAULT_OPTIONS, type ToolOptions } from "../viewer/tools/options";
import type { Viewer } from "../viewer/viewer";

export const useToolOptions = create<ToolOptions>()(() => DEFAULT_OPTIONS);

export const toolOptions = (): ToolOptions => useToolOptions.getState();

export const setToolOptions = (change: Partial<ToolOptions>): void => useToolOptions.setState(change);

/** One for the whole page: what it has loaded is kept from image to image. */
export const assistant = new Assistant();

const PREFERRED = "nuclei";

let asked: Promise<void> | null = null;

/** Fetches the model that assists and makes it ready, so that it is there when the connection is not. */
export function prepareAssist(): Promise<void> {
  asked ??= firstModel().catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

async function firstModel(): Promise<void> {
  const models = await get<Model[]>("/models");
  const chosen = models.find(({ name }) => name === PREFERRED) ?? models[0];
  if (!chosen) return chooseGrowing();
  if (toolOptions().assistMethod === null) await chooseModel(chosen.name);
}

/** Another model finds the contours from now on. */
export async function chooseModel(name: string): Promise<void> {
  const model = await get<ModelDetails>(`/models/${encodeURIComponent(name)}`);
  setToolOptions({ assistMethod: { kind: "model", model } });
  await assistant.prepare(model);
}

export const chooseGrowing = (): void => setToolOptions({ assistMethod: { kind: "growing" } });

const IDLE_AFTER_MS = 2500;

/** Keeps the viewer's options those of the store; loads the model when the page has nothing else to do. */
export function bindToolOptions(viewer: Viewer): () => void {
  viewer.options = toolOptions();
  const stopStore = useToolOptions.subscribe((now) => {
    viewer.options = now;
  });
  const stopViewer = viewer.events.on("options", setToolOptions);
  const prepare = (): void => {
    // a model that cannot be had is told when it is asked for
    void prepareAssist().catch(() => undefined);
  };
  const timer = setTimeout(() => {
    if ("requestIdleCallback" in window) window.requestIdleCallback(prepare, { timeout: IDLE_AFTER_MS });
    else prepare();
  }, IDLE_AFTER_MS);
  return () => {
    clearTimeout(timer);
    stopStore();
    stopViewer();
  };
}
