/**
 * Resumable uploads, tus 1.0.0 (https://tus.io/protocols/resumable-upload).
 *
 * After a cut the client asks the server how much it has and goes on from there.
 */
import { API, ApiError, ConnectionError, csrfHeaders, errorOf } from "./http";

export const CHUNK_BYTES = 8 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const WAITS_MS = [500, 1000, 2000, 5000, 10_000];

export interface UploadTarget {
  readonly pid: string;
  readonly file: File;
  /** "folder/name.tif" where the file came from a folder. */
  readonly relativePath: string;
  /** Held files are imported with their folder, once all of it is there. */
  readonly isHeld: boolean;
}

export interface Transport {
  create(target: UploadTarget): Promise<string>;
  offset(address: string): Promise<number>;
  patch(
    address: string,
    offset: number,
    chunk: Blob,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<number>;
  remove(address: string): Promise<void>;
}

export type UploadPhase = "waiting" | "sending" | "paused" | "sent" | "failed" | "cancelled";

export interface UploadProgress {
  readonly phase: UploadPhase;
  readonly sent: number;
  readonly uploadId: string | null;
  readonly error: string | null;
}

export class TusUpload {
  private state: UploadProgress = { phase: "waiting", sent: 0, uploadId: null, error: null };
  private address: string | null = null;
  private readonly abort = new AbortController();

  constructor(
    private readonly target: UploadTarget,
    private readonly onChange: (state: UploadProgress) => void,
    private readonly transport: Transport = webTransport,
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((r) => setTimeout(r, ms)),
  ) {}

  /** Sends the whole file; resolves when it is sent, cancelled or given up. */
  async run(): Promise<UploadProgress> {
    let failures = 0;
    while (!this.isOver()) {
      try {
        await this.attempt(() => {
          failures = 0;
        });
      } catch (error) {
        if (this.abort.signal.aborted) break;
        const wait = WAITS_MS[failures];
        failures += 1;
        if (!isTemporary(error) || wait === undefined)
          return this.set({ phase: "failed", error: text(error) });
        this.set({ phase: "paused", error: text(error) });
        await this.pause(wait);
      }
    }
    return this.state;
  }

  async cancel(): Promise<void> {
    this.abort.abort();
    this.set({ phase: "cancelled", error: null });
    if (this.address) await this.transport.remove(this.address).catch(() => undefined);
  }

  private isOver(): boolean {
    return this.state.phase === "sent" || this.abort.signal.aborted;
  }

  private async attempt(onChunk: () => void): Promise<void> {
    const { file } = this.target;
    this.set({ phase: "sending", error: null });
    let offset = 0;
    if (this.address === null) {
      this.address = await this.transport.create(this.target);
      this.set({ uploadId: this.address.split("/").at(-1) ?? null });
    } else {
      offset = await this.transport.offset(this.address);
    }
    while (offset < file.size && !this.abort.signal.aborted) {
      const start = offset;
      const chunk = file.slice(start, start + CHUNK_BYTES);
      const progress = (sent: number) => this.set({ sent: start + sent });
      offset = await this.transport.patch(this.address, start, chunk, progress, this.abort.signal);
      if (offset <= start) throw new ConnectionError("The server took no more of the file.");
      onChunk();
      this.set({ sent: offset });
    }
    if (!this.abort.signal.aborted) this.set({ phase: "sent", sent: file.size });
  }

  private set(change: Partial<UploadProgress>): UploadProgress {
    if (this.state.phase === "cancelled") return this.state;
    this.state = { ...this.state, ...change };
    this.onChange(this.state);
    return this.state;
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Cuts, gateways, locks and offsets that disagree pass; what the server refuses does not. */
function isTemporary(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && (error.status === 409 || error.status === 423 || error.status >= 500);
}

function encoded(value: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(value)));
}

async function fetched(address: string, init: RequestInit): Promise<Response> {
  const headers = { ...TUS, ...csrfHeaders(), ...(init.headers as Record<string, string>) };
  let response: Response;
  try {
    response = await fetch(address, { ...init, headers });
  } catch {
    throw new ConnectionError("The connection was cut; the upload goes on when it is back.");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

function patchByXhr(...[address, offset, chunk, onProgress, signal]: Parameters<Transport["patch"]>) {
  return new Promise<number>((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("PATCH", address);
    const headers = { ...TUS, ...csrfHeaders(), "Upload-Offset": String(offset) };
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.setRequestHeader("Content-Type", "application/offset+octet-stream");
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onerror = () =>
      reject(new ConnectionError("The connection was cut; the upload goes on when it is back."));
    xhr.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    xhr.onload = () => {
      if (xhr.status === 204 || xhr.status === 200) resolve(Number(xhr.getResponseHeader("Upload-Offset")));
      else errorOf(new Response(xhr.responseText, { status: xhr.status })).then(reject, reject);
    };
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(chunk);
  });
}

const webTransport: Transport = {
  async create({ pid, file, relativePath, isHeld }) {
    const entries = {
      filename: file.name,
      relativePath: relativePath || file.name,
      ...(isHeld ? { hold: "1" } : {}),
    };
    const metadata = Object.entries(entries)
      .map(([name, value]) => `${name} ${encoded(value)}`)
      .join(",");
    const response = await fetched(`${API}/projects/${pid}/uploads`, {
      method: "POST",
      headers: { "Upload-Length": String(file.size), "Upload-Metadata": metadata },
    });
    const location = response.headers.get("Location");
    if (!location) throw new Error("The server did not say where to upload to.");
    return new URL(location, window.location.href).pathname;
  },
  async offset(address) {
    const response = await fetched(address, { method: "HEAD" });
    return Number(response.headers.get("Upload-Offset"));
  },
  patch: patchByXhr,
  async remove(address) {
    await fetched(address, { method: "DELETE" });
  },
};
