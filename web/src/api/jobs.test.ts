import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { jobKeys, jobsQuery, jobTold } from "./jobs";
import type { Job } from "./types";

const job = (id: string, more: Partial<Job> = {}): Job =>
  ({ id, project_id: "p", state: "running", started_at: "s", finished_at: null, ...more }) as Job;
const ended: Partial<Job> = { state: "done", finished_at: "f" };

let answer: ((jobs: Job[]) => void) | null;
beforeEach(() => {
  answer = null;
  vi.stubGlobal(
    "fetch",
    () =>
      new Promise<Response>((resolve) => {
        answer = (items) => resolve(Response.json({ items }));
      }),
  );
});
afterEach(() => vi.unstubAllGlobals());

async function listAfter(told: Job, answered: Job[]): Promise<Job[]> {
  const client = new QueryClient();
  const list = client.fetchQuery(jobsQuery("p"));
  await vi.waitFor(() => expect(answer).not.toBeNull());
  jobTold(client, told);
  answer?.(answered);
  await list;
  return client.getQueryData<Job[]>(jobKeys.list("p")) ?? [];
}

it("keeps the end of a job that was told while an older list was on its way", async () => {
  const [first] = await listAfter(job("1", ended), [job("1")]);
  expect(first?.state).toBe("done");
});

it("keeps a job that began meanwhile, at the top, and leaves out those of other projects", async () => {
  expect((await listAfter(job("2"), [job("1")])).map(({ id }) => id)).toEqual(["2", "1"]);
  expect((await listAfter(job("3", { project_id: "q" }), [job("1")])).map(({ id }) => id)).toEqual(["1"]);
});

it("changes the list that is held, and makes none where none is", () => {
  const client = new QueryClient();
  jobTold(client, job("1", ended));
  expect(client.getQueryData(jobKeys.list("p"))).toBeUndefined();
  client.setQueryData(jobKeys.list("p"), [job("1")]);
  jobTold(client, job("1", ended));
  expect(client.getQueryData<Job[]>(jobKeys.list("p"))?.[0]?.state).toBe("done");
});
