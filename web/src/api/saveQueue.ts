/**
 * Changes on their way to the server, one after the other.
 *
 * A change that cannot be delivered stays and is tried again with the same idempotency key, so that it is
 * done once however often it is sent. A change that the server refuses is given back to its maker.
 */
import { ConnectionError } from "./http";
import type { ChangeRequest, ChangeResult } from "./types";

export type SaveState = "saved" | "saving" | "offline";

export interface Save {
  readonly layerId: () => Promise<string>;
  /** Made when it is sent: by then earlier changes have given objects new versions. */
  readonly change: () => ChangeRequest;
  readonly done: (result: ChangeResult, layerId: string) => void | Promise<void>;
  readonly refused: (error: unknown, layerId: string | null) => void | Promise<void>;
}

interface Entry extends Save {
  readonly key: string;
}

export interface QueueOptions {
  readonly post: (layerId: string, change: ChangeRequest) => Promise<ChangeResult>;
  readonly onState: (state: SaveState, waiting: number) => void;
  readonly wait?: (ms: number) => Promise<void>;
  readonly newKey?: () => string;
}

const WAITS_MS = [1000, 2000, 4000, 8000];

function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join(
    "",
  );
}

export class SaveQueue {
  private readonly entries: Entry[] = [];
  private isRunning = false;
  private idlers: (() => void)[] = [];
  private wake: (() => void) | null = null;

  constructor(private readonly options: QueueOptions) {}

  get waiting(): number {
    return this.entries.length;
  }

  add(save: Save): void {
    this.entries.push({ ...save, key: (this.options.newKey ?? randomKey)() });
    if (!this.isRunning) void this.run();
  }

  /** Tries at once instead of waiting for the next turn. */
  retryNow(): void {
    this.wake?.();
  }

  idle(): Promise<void> {
    return this.isRunning ? new Promise((resolve) => this.idlers.push(resolve)) : Promise.resolve();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let entry = this.entries[0]; entry; entry = this.entries[0]) {
      this.options.onState("saving", this.entries.length);
      await this.deliver(entry);
      this.entries.shift();
    }
    this.isRunning = false;
    this.options.onState("saved", 0);
    for (const resolve of this.idlers.splice(0)) resolve();
  }

  private async deliver(entry: Entry): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      let layerId: string | null = null;
      try {
        layerId = await entry.layerId();
        const result = await this.options.post(layerId, { ...entry.change(), idempotency_key: entry.key });
        await entry.done(result, layerId);
        return;
      } catch (error) {
        if (!(error instanceof ConnectionError)) return void (await entry.refused(error, layerId));
        this.options.onState("offline", this.entries.length);
        await this.pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 8000);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    const wait = this.options.wait ?? ((time: number) => new Promise<void>((r) => setTimeout(r, time)));
    return Promise.race([wait(ms), new Promise<void>((resolve) => (this.wake = resolve))]);
  }
}
