/** Imports that went well, in a row: a folder of images would push everything else out of the list of jobs. */
import type { Job } from "../../api/types";

/** Fewer are shown one by one. */
const WORTH_FOLDING = 4;

export interface Fold {
  readonly key: string;
  readonly imports: readonly Job[];
}

const isQuiet = (job: Job): boolean => job.kind === "import" && job.state === "done";

/** The list with long rows of finished imports each as one. */
export function folded(jobs: readonly Job[]): (Job | Fold)[] {
  const rows: (Job | Fold)[] = [];
  let run: Job[] = [];
  const close = () => {
    const oldest = run.at(-1);
    if (oldest && run.length >= WORTH_FOLDING) rows.push({ key: `imports ${oldest.id}`, imports: run });
    else rows.push(...run);
    run = [];
  };
  for (const job of jobs) {
    if (isQuiet(job)) run.push(job);
    else {
      close();
      rows.push(job);
    }
  }
  close();
  return rows;
}
