/** The live stream of a project: reconnects by itself and says when it is down. */
import { url } from "./http";

export const EVENT_KINDS = [
  "job",
  "job_log",
  "image",
  "image_removed",
  "layer",
  "layer_removed",
  "ontology",
  "upload",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** The part of EventSource that is used, so that tests can put their own in its place. */
export interface Source {
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  readonly readyState: number;
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface StreamHandlers {
  onEvent(kind: EventKind, data: unknown): void;
  /** The stream is back after it was down: what happened meanwhile must be fetched. */
  onRecovered(): void;
  onStatus(status: "live" | "down"): void;
}

const CLOSED = 2;
const LONGEST_WAIT_MS = 15_000;

export class LiveStream {
  private source: Source | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = 1000;
  private wasDown = false;

  constructor(
    private readonly projectId: string,
    private readonly handlers: StreamHandlers,
    private readonly open: (address: string) => Source = (address) => new EventSource(address) as Source,
  ) {
    this.connect();
  }

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private connect(): void {
    const source = this.open(url("/events", { project_id: this.projectId }));
    this.source = source;
    source.onopen = () => this.opened();
    source.onerror = () => this.failed(source);
    for (const kind of EVENT_KINDS) {
      source.addEventListener(kind, (event) => this.handlers.onEvent(kind, JSON.parse(event.data)));
    }
  }

  private opened(): void {
    this.wait = 1000;
    this.handlers.onStatus("live");
    if (this.wasDown) this.handlers.onRecovered();
    this.wasDown = false;
  }

  private failed(source: Source): void {
    this.wasDown = true;
    this.handlers.onStatus("down");
    // a browser retries after a cut, but gives up after an HTTP error
    if (source.readyState !== CLOSED || this.source !== source) return;
    source.close();
    this.timer = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}
