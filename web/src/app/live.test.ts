import { QueryClient } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";

vi.mock("../features/classify/images/tab", () => ({ showImageClasses: vi.fn() }));

import { newsOfEnds } from "../api/events";
import { jobKeys } from "../api/jobs";
import { measurementKeys } from "../api/measurements";
import type { Job } from "../api/types";
import { notices } from "../state/notices";
import { applyEvent } from "./live";

const PROJECT = "a project";
const KEY = [...measurementKeys.all, "a layer"];

const running = { id: "7", kind: "measure", state: "running", finished_at: null, title: "Measure" } as Job;
const ended = { ...running, state: "done", finished_at: "2026-01-01T00:00:00Z" } as Job;

function live(jobs: Job[]) {
  const client = new QueryClient();
  client.setQueryData(jobKeys.list(PROJECT), jobs);
  client.setQueryData(KEY, "numbers of before");
  const told = vi.fn();
  notices.on("notice", ({ title }) => told(title));
  const view = { client, projectId: PROJECT, hasEnded: newsOfEnds() };
  const isOld = () => client.getQueryState(KEY)?.isInvalidated ?? false;
  return { view, isOld, told, client };
}

it("has the numbers renewed when a job ends", () => {
  const { view, isOld, told } = live([running]);
  applyEvent(view, "job", running);
  expect(isOld()).toBe(false);
  applyEvent(view, "job", ended);
  expect(isOld()).toBe(true);
  expect(told.mock.calls).toEqual([["Done: Measure"]]);
});

it("does so too where the list was fetched with the ended job in it before the event came", () => {
  const { view, isOld } = live([ended]);
  applyEvent(view, "job", ended);
  expect(isOld()).toBe(true);
});

it("does so once, and again when the job was tried again", () => {
  const { view, isOld, told, client } = live([running]);
  applyEvent(view, "job", ended);
  client.setQueryData(KEY, "new numbers");
  applyEvent(view, "job", ended);
  expect(isOld()).toBe(false);
  applyEvent(view, "job", { ...ended, finished_at: "2026-01-01T00:05:00Z" });
  expect(isOld()).toBe(true);
  expect(told).toHaveBeenCalledTimes(2);
});
