/** The uploads of this page; they go on while the user is elsewhere in the app. */
import { create } from "zustand";
import { messageFrom } from "../../api/http";
import { TusUpload, type UploadProgress } from "../../api/tus";
import { importHeld, uploadStatus } from "../../api/uploads";
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
const batches = new Map<number, Batch>();
const waiting: { key: number; start: () => Promise<void> }[] = [];
let active = 0;
let nextKey = 1;

function change(key: number, part: Partial<UploadItem>): void {
  useUploads.setState(({ items }) => ({
    items: items.map((item) => (item.key === key ? { ...item, ...part } : item)),
  }));
}

interface Batch {
  readonly projectId: string;
  readonly onImported: () => void;
  /** Files of one folder, which may be one image in many files, are imported together at the end. */
  readonly folder: string | null;
  left: number;
  readonly sent: { key: number; uploadId: string }[];
}

const folderOf = ({ path }: FoundFile): string | null =>
  path.includes("/") ? (path.split("/")[0] ?? null) : null;

export function addUploads(projectId: string, files: readonly FoundFile[], onImported: () => void): void {
  const full = files.filter(({ file }) => file.size > 0);
  if (full.length < files.length && full.length === 0) tell({ kind: "error", message: "The file is empty." });
  const folders = Map.groupBy(full, folderOf);
  for (const [folder, members] of folders) {
    const batch: Batch = { projectId, onImported, folder, left: members.length, sent: [] };
    for (const found of members) add(found, batch);
  }
  pump();
}

function add(found: FoundFile, batch: Batch): void {
  const key = nextKey;
  nextKey += 1;
  const { projectId, folder } = batch;
  const target = { pid: projectId, file: found.file, relativePath: found.path, isHeld: folder !== null };
  const upload = new TusUpload(target, (progress) => change(key, { progress }));
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
  batches.set(key, batch);
  waiting.push({ key, start: () => send(key, upload, found.path, batch) });
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

async function send(key: number, upload: TusUpload, name: string, batch: Batch): Promise<void> {
  const last = await upload.run();
  running.delete(key);
  if (last.phase === "failed")
    tell({ kind: "error", title: `${name} was not uploaded`, message: last.error ?? "" });
  if (last.phase === "sent" && last.uploadId) {
    if (batch.folder === null) void follow(key, last.uploadId, name, batch.onImported);
    else batch.sent.push({ key, uploadId: last.uploadId });
  }
  finished(key);
}

/** One file of its batch less to wait for; after the last, a folder is imported. */
function finished(key: number): void {
  const batch = batches.get(key);
  if (!batches.delete(key) || !batch) return;
  batch.left -= 1;
  if (batch.left === 0 && batch.sent.length > 0) void importFolder(batch);
}

async function importFolder({ projectId, folder, sent, onImported }: Batch): Promise<void> {
  try {
    await importHeld(
      projectId,
      sent.map(({ uploadId }) => uploadId),
    );
  } catch (error) {
    tell({ kind: "error", title: `${folder} was not imported`, message: messageFrom(error) });
  }
  for (const { key } of sent) dismiss(key);
  onImported();
}

const FOLLOW_MS = 1000;
const FOLLOW_MOST_MS = 15_000;
const MOST_FAILURES = 5;

/** Those that are waited for, by their id on the server. */
const followed = new Map<string, () => void>();

/** The server has told that something became of it: look at once. */
export function uploadChanged(uploadId: string): void {
  followed.get(uploadId)?.();
}

/** Until there is news of it, or the time is over. */
async function newsOf(uploadId: string, within: number): Promise<void> {
  await new Promise<void>((resolve) => {
    followed.set(uploadId, resolve);
    setTimeout(resolve, within);
  });
  followed.delete(uploadId);
}

/** Until the server has made images of it, or says why not. */
async function follow(key: number, uploadId: string, name: string, onImported: () => void): Promise<void> {
  let failures = 0;
  // the stream tells at once; asking is for the case that it is down
  for (let pause = FOLLOW_MS; failures < MOST_FAILURES; pause = Math.min(pause * 2, FOLLOW_MOST_MS)) {
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
    await newsOf(uploadId, failures > 0 ? FOLLOW_MS : pause);
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
  finished(key);
}

window.addEventListener("beforeunload", (event) => {
  if (running.size > 0) event.preventDefault();
});
