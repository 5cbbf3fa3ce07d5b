import { expect, it } from "vitest";
import type { Job } from "../../api/types";
import { folded } from "./folding";

const job = (id: number, kind = "import", state = "done") => ({ id: String(id), kind, state }) as Job;
const shape = (jobs: Job[]) => folded(jobs).map((row) => ("imports" in row ? row.imports.length : row.id));

it("folds many finished imports into one row", () => {
  expect(shape([job(9, "segment"), job(5), job(4), job(3), job(2), job(1, "measure")])).toEqual([
    "9",
    4,
    "1",
  ]);
});

it("shows a few of them, and those that failed or run, one by one", () => {
  expect(shape([job(3), job(2), job(1)])).toEqual(["3", "2", "1"]);
  const jobs = [
    job(9),
    job(8),
    job(7),
    job(6),
    job(5, "import", "failed"),
    job(4, "import", "running"),
    job(3),
  ];
  expect(shape(jobs)).toEqual([4, "5", "4", "3"]);
});

it("keeps the key of a fold when newer imports join it", () => {
  const keys = (jobs: Job[]) => folded(jobs).map((row) => ("imports" in row ? row.key : row.id));
  const four = [4, 3, 2, 1].map((id) => job(id));
  expect(keys([job(5), ...four])).toEqual(keys(four));
});
