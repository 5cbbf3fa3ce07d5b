/** The pixel worker as functions. */
import type { Job, JobName, JobTypes } from "./jobs";
import { LatestOnly, type Line } from "./latest";

export interface PixelDesk {
  /** Null where a newer request of the same name came meanwhile. */
  ask<Name extends JobName>(
    name: Name,
    request: JobTypes[Name]["request"],
  ): Promise<JobTypes[Name]["response"] | null>;
  /** Ends the worker. */
  close(): void;
}

const opened = (): Line => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

export function openDesk(open: () => Line = opened): PixelDesk {
  const line = new LatestOnly<Job, JobTypes[JobName]["response"]>(open, ({ name }) => name);
  return {
    ask<Name extends JobName>(name: Name, request: JobTypes[Name]["request"]) {
      return line.ask({ name, request } as Job) as Promise<JobTypes[Name]["response"] | null>;
    },
    close: () => line.close(),
  };
}
