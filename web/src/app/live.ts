/** The live stream of the open project, poured into the cache and onto the picture. */
import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { classifierKeys } from "../api/classifiers";
import { imageApplied, logApplied, newsOfEnds, without } from "../api/events";
import { downloadFileOf } from "../api/exchange";
import { messageFrom } from "../api/http";
import { imageKeys, imagesHeard } from "../api/images";
import { jobKeys, jobTold, projectMethodsQuery } from "../api/jobs";
import { landmarkKeys } from "../api/landmarks";
import { layerKeys } from "../api/layers";
import { measurementKeys } from "../api/measurements";
import { pixelKeys } from "../api/pixels";
import { projectKeys } from "../api/projects";
import { renew } from "../api/renewing";
import { similarKeys } from "../api/similar";
import { type EventKind, LiveStream } from "../api/sse";
import type { Image, Job, LayerChanged, LogLine } from "../api/types";
import { showImageClasses } from "../features/classify/images/tab";
import { uploadChanged } from "../features/images/uploadStore";
import { tell } from "../state/notices";
import { retrySaving } from "../state/saving";
import { type SideTab, setLayerDisplay, setWorkspace, workspace } from "../state/workspace";
import { imagePath, navigate, projectPath } from "../ui/router";

export const useConnection = create<{ status: "live" | "down" }>()(() => ({ status: "live" }));

type LayerEvent = LayerChanged & { image_id: string };

/** A cut shorter than this is not worth a banner. */
const PATIENCE_MS = 1500;

export function useLive(projectId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hasEnded = newsOfEnds();
    const stream = new LiveStream(projectId, {
      onEvent: (kind, data) => applyEvent({ client, projectId, hasEnded }, kind, data),
      onRecovered: () => void client.invalidateQueries(),
      onStatus: (status) => {
        if (status === "live") {
          clearTimeout(timer);
          timer = undefined;
          useConnection.setState({ status });
          retrySaving();
        } else timer ??= setTimeout(() => useConnection.setState({ status }), PATIENCE_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      stream.close();
      useConnection.setState({ status: "live" });
    };
  }, [client, projectId]);
}

export interface Live {
  client: QueryClient;
  projectId: string;
  /** Whether a job's end is news. */
  hasEnded: (job: Job) => boolean;
}

export function applyEvent(live: Live, kind: EventKind, data: unknown): void {
  const { client, projectId } = live;
  switch (kind) {
    case "job":
      return applyJob(live, data as Job);
    case "job_log": {
      const { job_id, line } = data as { job_id: string; line: LogLine };
      client.setQueryData<LogLine[]>(jobKeys.log(job_id), (old) => (old ? logApplied(old, line) : old));
      return;
    }
    case "image":
      return applyImage(client, projectId, data as Image);
    case "image_removed": {
      const { id } = data as { id: string };
      imagesHeard.tellGone(id);
      client.setQueryData<Image[]>(imageKeys.list(projectId), (old) => (old ? without(old, id) : old));
      return;
    }
    case "layer":
      return applyLayer(client, data as LayerEvent);
    case "layer_removed":
      renew(client, layerKeys.list((data as { image_id: string }).image_id));
      return;
    case "ontology":
      renew(client, projectKeys.ontology(projectId));
      return;
    case "upload":
      uploadChanged((data as { id: string }).id);
      renew(client, imageKeys.list(projectId));
      return;
  }
}

function applyImage(client: QueryClient, projectId: string, image: Image): void {
  imagesHeard.tell(image);
  client.setQueryData<Image[]>(imageKeys.list(projectId), (old) => (old ? imageApplied(old, image) : old));
  client.setQueryData<Image>(imageKeys.one(image.id), image);
}

function applyLayer(client: QueryClient, { layer_id, generation, bbox, image_id }: LayerEvent): void {
  renew(client, layerKeys.list(image_id));
  renew(client, measurementKeys.layer(layer_id));
  renew(client, landmarkKeys.all);
  const box = bbox ? ([bbox[0], bbox[1], bbox[2], bbox[3]] as const) : null;
  workspace().editor?.layerChanged(layer_id, generation, box);
}

function applyJob({ client, projectId, hasEnded }: Live, job: Job): void {
  jobTold(client, job);
  if (!hasEnded(job)) return;
  if (job.kind !== "import" && job.kind !== "export") {
    // counts, times of measurement and tables may all be new
    renew(client, layerKeys.all);
    renew(client, measurementKeys.all);
    // a run is a step that can be undone
    renew(client, layerKeys.histories);
  }
  if (job.kind === "train-image-classifier" || job.kind === "classify-images") {
    renew(client, classifierKeys.list(projectId));
  }
  if (job.kind === "train-classifier" || job.kind === "classify") {
    renew(client, classifierKeys.list(projectId));
    renew(client, classifierKeys.labels(projectId));
    renew(client, classifierKeys.queues(projectId));
  }
  if (job.kind === "train-pixels") {
    renew(client, pixelKeys.list(projectId));
    renew(client, projectMethodsQuery(projectId).queryKey);
  }
  if (job.kind === "train-landmarks") renew(client, landmarkKeys.detectors(projectId));
  if (job.kind === "detect-landmarks") renew(client, landmarkKeys.all);
  if (job.kind === "index-objects") renew(client, similarKeys.all);
  // the project's card counts objects
  if (job.kind === "import-set") renew(client, projectKeys.all);
  announce(projectId, job);
}

function announce(projectId: string, job: Job): void {
  // the cards of the images tell what became of an import, and the open panels what became of an exploration
  // or of looking at objects
  if (job.kind === "import") return;
  if (job.kind === "index-objects" && job.state === "done") return;
  if (job.kind === "explore" && job.state === "done" && workspace().tab === "measure") return;
  // nobody asked for it: the preview has changed
  if (job.kind === "train-pixels" && job.state === "done" && job.parameters.automatic) return;
  if (job.state === "done") {
    tell({
      kind: "success",
      title: `Done: ${job.title}`,
      message: job.message,
      action: job.file
        ? { label: "Download", run: () => saveFileOf(job) }
        : { label: "Show", run: () => showResult(projectId, job) },
    });
  } else if (job.state === "failed") {
    tell({ kind: "error", title: `Failed: ${job.title}`, message: job.error ?? "See the log of the job." });
  }
}

function saveFileOf(job: Job): void {
  downloadFileOf(job).catch((error: unknown) => tell({ kind: "error", message: messageFrom(error) }));
}

const SHOWN_IN: Partial<Record<Job["kind"], SideTab>> = {
  measure: "measure",
  explore: "measure",
  classify: "classify",
  "train-classifier": "classify",
  "train-pixels": "pixels",
  "train-landmarks": "landmarks",
  "detect-landmarks": "landmarks",
};

/** The layer that a job made, on the picture it belongs to. */
export function showResult(projectId: string, job: Job): void {
  if (job.kind === "compare") {
    setWorkspace({ comparison: job.id, tab: "segment" });
    return;
  }
  if (job.kind === "train-image-classifier" || job.kind === "classify-images") {
    navigate(projectPath(projectId));
    showImageClasses(projectId);
    return;
  }
  if (job.kind === "fine-tune") {
    setWorkspace({ tuning: job.id, tab: "segment" });
    return;
  }
  const layerIds = job.layer_ids;
  const open = workspace().viewer?.image.id;
  const imageId = open && job.image_ids.includes(open) ? open : (job.image_ids[0] ?? open);
  setWorkspace({
    wantedLayerIds: layerIds,
    tab: SHOWN_IN[job.kind] ?? "objects",
    isHidden: false,
  });
  for (const id of layerIds) setLayerDisplay(id, { isVisible: true });
  if (imageId && imageId !== open) navigate(imagePath(projectId, imageId));
}
