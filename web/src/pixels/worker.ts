/** Runs what takes longer than a frame beside the page. */
import { done, type Job } from "./jobs";
import type { Answered, Asked } from "./latest";

self.onmessage = ({ data: { id, request } }: MessageEvent<Asked<Job>>) => {
  let answer: Answered<unknown>;
  try {
    answer = { id, response: done(request) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
