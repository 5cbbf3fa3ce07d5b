/** The uploads of this page; they go on while the user is elsewhere in the app. */
import { create } from "zustand";
import { messageFrom } from "../../api/http";
import { TusUpload, type UploadProgress } from "../../api/tus";
import { uploadStatus } from "../../api/uploads";
import { tell } from "../../state/notices";
import type { FoundFile } from "./dropped";

export interface UploadItem {
  readonly key: number;
  readonly projectId: string;
  readonly name: string;
  readonly size: number;
  readonly progress: UploadProgress;
  /** What became of it on the server after the last byte. */
  readonly imported: "pending" | "done" | "failed";
}

export const useUploads = create<{ items: readonly UploadItem[] }>()(() => ({ items: [] }));

const AT_ONCE = 3;
const running = new Map<number, TusUpload>();
const waiting: { key: number; start: () => Promise<void> }[] = [];
let active = 0;
let nextKey = 1;

function change(key: number, part: Partial<UploadItem>): void {
  useUploads.setState(({ items }) => ({
    items: items.map((item) => (item.key === key ? { ...item, ...part } : item)),
  }));
}

export function addUploads(projectId: string, files: readonly FoundFile[], onImported: () => void): void {
  for (const found of files) {
    const key = nextKey;
    nextKey += 1;
    const upload = new TusUpload({ pid: projectId, file: found.file, relativePath: found.path }, (progress) =>
      change(key, { progress }),
    );
    const progress: UploadProgress = { phase: "waiting", sent: 0, uploadId: null, error: null };
    const item: UploadItem = {
      key,
      projectId,
      name: found.path,
      size: found.file.size,
      progress,
      imported: "pending",
    };
    useUploads.setState(({ items }) => ({ items: [...items, item] }));
    running.set(key, upload);
    waiting.push({ key, start: () => send(key, upload, found.path, onImported) });
  }
  pump();
}

function pump(): void {
  while (active < AT_ONCE) {
    const next = waiting.shift();
    if (!next) return;
    if (!running.has(next.key)) continue;
    active += 1;
    void next.start().finally(() => {
      active -= 1;
      pump();
    });
  }
}

async function send(key: number, upload: TusUpload, name: string, onImported: () => void): Promise<void> {
  const last = await upload.run();
  running.delete(key);
  if (last.phase === "failed")
    tell({ kind: "error", title: `${name} was not uploaded`, message: last.error ?? "" });
  if (last.phase === "sent" && last.uploadId) void follow(key, last.uploadId, name, onImported);
}

const FOLLOW_MS = 1000;
const MOST_FAILURES = 5;

/** Until the server has made images of it, or says why not. */
async function follow(key: number, uploadId: string, name: string, onImported: () => void): Promise<void> {
  let failures = 0;
  while (failures < MOST_FAILURES) {
    try {
      const { state, error, image_ids } = await uploadStatus(uploadId);
      failures = 0;
      if (state === "done") {
        dismiss(key);
        return onImported();
      }
      if (state === "failed") {
        change(key, { imported: "failed", progress: { phase: "failed", sent: 0, uploadId, error } });
        tell({
          kind: "error",
          title: `${name} was not imported`,
          message: error ?? "The server could not read it.",
        });
        return onImported();
      }
      onImported();
      // from here on the card of the image tells
      if (image_ids.length > 0) return dismiss(key);
    } catch (error) {
      failures += 1;
      if (failures === MOST_FAILURES) tell({ kind: "error", title: name, message: messageFrom(error) });
    }
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
  }
}

export function dismiss(key: number): void {
  useUploads.setState(({ items }) => ({ items: items.filter((item) => item.key !== key) }));
}

export async function cancelUpload(key: number): Promise<void> {
  const upload = running.get(key);
  running.delete(key);
  dismiss(key);
  await upload?.cancel();
}

window.addEventListener("beforeunload", (event) => {
  if (running.size > 0) event.preventDefault();
});
