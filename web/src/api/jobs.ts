/** Methods and jobs. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { jobApplied } from "./events";
import { Heard } from "./heard";
import { get, request } from "./http";
import type {
  ClassifyImagesRequest,
  ClassifyRequest,
  CompareRequest,
  DetectLandmarksRequest,
  ExploreRequest,
  FineTuneRequest,
  IndexObjectsRequest,
  Job,
  LogLine,
  MeasureRequest,
  MethodInfo,
  Page,
  SegmentRequest,
  TrainClassifierRequest,
  TrainImageClassifierRequest,
  TrainingPoint,
  TrainLandmarksRequest,
  TrainPixelsRequest,
} from "./types";

export type JobRequest =
  | SegmentRequest
  | MeasureRequest
  | ExploreRequest
  | CompareRequest
  | TrainClassifierRequest
  | ClassifyRequest
  | TrainImageClassifierRequest
  | ClassifyImagesRequest
  | FineTuneRequest
  | TrainPixelsRequest
  | IndexObjectsRequest
  | TrainLandmarksRequest
  | DetectLandmarksRequest;

export const jobKeys = {
  list: (pid: string) => ["jobs", pid] as const,
  log: (jid: string) => ["job-log", jid] as const,
  curve: (jid: string) => ["job-curve", jid] as const,
};

const jobsHeard = new Heard<Job>(jobApplied);

/** Puts what became of a job into the list that is held, or into the one that is on its way. */
export function jobTold(client: QueryClient, job: Job): void {
  jobsHeard.tell(job);
  client.setQueryData<Job[]>(jobKeys.list(job.project_id), (old) => old && jobApplied(old, job));
}

export const methodsQuery = queryOptions({
  queryKey: ["methods"],
  queryFn: () => get<MethodInfo[]>("/methods"),
  staleTime: Number.POSITIVE_INFINITY,
});

/** With the project's pixel classifiers, which come and go. */
export const projectMethodsQuery = (pid: string) =>
  queryOptions({
    queryKey: ["methods", pid] as const,
    queryFn: () => get<MethodInfo[]>("/methods", { project_id: pid }),
    staleTime: 60_000,
  });

export const jobsQuery = (pid: string) =>
  queryOptions({
    queryKey: jobKeys.list(pid),
    queryFn: () =>
      jobsHeard.during(
        async () => (await get<Page<Job>>(`/projects/${pid}/jobs`, { limit: 100 })).items,
        (job) => job.project_id === pid,
      ),
  });

export const logQuery = (jid: string) =>
  queryOptions({ queryKey: jobKeys.log(jid), queryFn: () => get<LogLine[]>(`/jobs/${jid}/log`) });

/** The curves of a network that is being trained; they are asked for again and again. */
export const curveQuery = (jid: string) =>
  queryOptions({
    queryKey: jobKeys.curve(jid),
    queryFn: () => get<TrainingPoint[]>(`/jobs/${jid}/curve`),
    refetchInterval: 1000,
  });

/** Let a training end now and keep the best. */
export const finishJob = (jid: string): Promise<Job> => request(`/jobs/${jid}/finish`, { method: "POST" });

export const startJob = (pid: string, job: JobRequest): Promise<Job> =>
  request(`/projects/${pid}/jobs`, { method: "POST", json: job });

export const cancelJob = (jid: string): Promise<Job> => request(`/jobs/${jid}/cancel`, { method: "POST" });

export const retryJob = (jid: string): Promise<Job> => request(`/jobs/${jid}/retry`, { method: "POST" });
