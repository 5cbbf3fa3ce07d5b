/** A line to a worker in which only the newest request of a kind counts. */

export interface Asked<Request> {
  readonly id: number;
  readonly request: Request;
}

export type Answered<Response> =
  | { readonly id: number; readonly response: Response }
  | { readonly id: number; readonly error: string };

/** The part of a Worker that is used; tests give another one. */
export interface Line {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

interface Waiting<Request, Response> {
  readonly asked: Asked<Request>;
  resolve(response: Response | null): void;
  reject(error: Error): void;
}

/**
 * One request is under way at a time. A newer one of the same kind takes the place of one that waits or is under way:
 * that one resolves with null.
 */
export class LatestOnly<Request, Response> {
  private line: Line | null = null;
  private count = 0;
  private running: Waiting<Request, Response> | null = null;
  private readonly waiting = new Map<string, Waiting<Request, Response>>();

  constructor(
    private readonly open: () => Line,
    private readonly kindOf: (request: Request) => string,
  ) {}

  ask(request: Request): Promise<Response | null> {
    const kind = this.kindOf(request);
    return new Promise((resolve, reject) => {
      this.waiting.get(kind)?.resolve(null);
      if (this.running && this.kindOf(this.running.asked.request) === kind) this.running.resolve(null);
      this.count += 1;
      this.waiting.set(kind, { asked: { id: this.count, request }, resolve, reject });
      this.next();
    });
  }

  /** Ends the worker; what was asked resolves with null. */
  close(): void {
    this.line?.terminate();
    this.line = null;
    for (const { resolve } of [...(this.running ? [this.running] : []), ...this.waiting.values()])
      resolve(null);
    this.running = null;
    this.waiting.clear();
  }

  private next(): void {
    if (this.running) return;
    const [first] = this.waiting;
    if (!first) return;
    const [kind, waiting] = first;
    this.waiting.delete(kind);
    this.running = waiting;
    this.opened().postMessage(waiting.asked);
  }

  private opened(): Line {
    if (this.line) return this.line;
    this.line = this.open();
    this.line.onmessage = ({ data }: MessageEvent<Answered<Response>>) => this.answered(data);
    this.line.onerror = (event) => this.failed(event.message || "it could not be loaded");
    return this.line;
  }

  private answered(answer: Answered<Response>): void {
    const { running } = this;
    if (!running || running.asked.id !== answer.id) return;
    this.running = null;
    if ("error" in answer) running.reject(new Error(answer.error));
    else running.resolve(answer.response);
    this.next();
  }

  /** The worker itself broke: the next request opens another. */
  private failed(message: string): void {
    const { running } = this;
    this.running = null;
    this.line = null;
    running?.reject(new Error(`The background worker stopped: ${message}. Reload the page.`));
    this.next();
  }
}
