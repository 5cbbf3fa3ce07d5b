/** The one outbox of the signed-in user: it works on, whatever page is open. */
import { ApiError } from "../api/http";
import * as api from "../api/layers";
import type { Annotation } from "../api/types";
import { Outbox } from "../outbox/outbox";
import { BrowserStore, OpeningStore } from "../outbox/store";
import { setWorkspace } from "./workspace";

let opened: { userId: number | string; outbox: Outbox } | null = null;

async function current(id: number): Promise<Annotation | null> {
  try {
    return await api.annotation(id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function outboxOf(userId: number | string): Outbox {
  if (opened?.userId !== userId) {
    const outbox = new Outbox({
      userId,
      store: new OpeningStore(BrowserStore.open()),
      post: api.postChanges,
      ownLayer: async (imageId) => (await api.ownLayer(imageId)).id,
      current,
      onState: (save) => setWorkspace({ save }),
    });
    opened = { userId, outbox };
    window.addEventListener("online", () => outbox.retryNow());
  }
  return opened.outbox;
}

/** Tries at once to save what waits. */
export const retrySaving = (): void => opened?.outbox.retryNow();

/** Whether leaving the page now could lose a change. */
export const isUnkept = (): boolean => opened?.outbox.isUnkept ?? false;
