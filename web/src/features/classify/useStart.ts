/** Starts a job and puts it into the list at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageFrom } from "../../api/http";
import { jobTold, startJob } from "../../api/jobs";
import type {
  ClassifyImagesRequest,
  ClassifyRequest,
  TrainClassifierRequest,
  TrainImageClassifierRequest,
} from "../../api/types";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { classesSent } from "./images/sending";

export function useStart(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (
      request: TrainClassifierRequest | ClassifyRequest | TrainImageClassifierRequest | ClassifyImagesRequest,
    ) => {
      // what was labelled a moment ago counts
      await workspace().editor?.idle();
      await classesSent();
      return startJob(projectId, request);
    },
    onSuccess: (job) => {
      jobTold(client, job);
    },
    onError: (error) => tell({ kind: "error", title: "Not started", message: messageFrom(error) }),
  });
}
