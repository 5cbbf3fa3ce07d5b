/** Place landmarks, train, find them on other images, correct by dragging, accept, and measure between them. */
import { Alert, Button, Group, Kbd, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { jobsQuery } from "../../api/jobs";
import {
  detectorsQuery,
  imageLandmarksQuery,
  landmarkKeys,
  landmarksQuery,
  saveLandmarks,
} from "../../api/landmarks";
import { ontologyQuery } from "../../api/projects";
import type { Image, Job, LandmarkDetector, LandmarkPlan, Landmarks, Layer, Term } from "../../api/types";
import { useCancelJob } from "../../api/useCancelJob";
import { useWorkspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { JobBar } from "../../ui/JobBar";
import { PanelEmpty } from "../../ui/parts";
import { Detectors } from "./Detectors";
import { LandmarkList } from "./LandmarkList";
import "./landmarks.css";
import { Measures } from "./Measures";
import { NamesForm } from "./NamesForm";
import { canTrain, type LandmarkLine, linesOf, missingToTrain, suggestionsOf } from "./rows";
import { TrainForm } from "./TrainForm";
import { type Landmarking, useLandmarking } from "./useLandmarking";
import { useLandmarkJobs } from "./useLandmarkJobs";

interface Props {
  projectId: string;
  image: Image;
  layers: readonly Layer[];
  mayDraw: boolean;
  mayRun: boolean;
  mayManage: boolean;
}

const isOurs = ({ kind, state }: Job): boolean =>
  (state === "running" || state === "queued") && (kind === "train-landmarks" || kind === "detect-landmarks");

export function LandmarksPanel(props: Props) {
  const { projectId, layers } = props;
  const generation = layers.map(({ id, generation: at }) => `${id}:${at}`).join();
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: landmarks } = useQuery(landmarksQuery(projectId, generation));
  const { data: versions } = useQuery(detectorsQuery(projectId));
  if (!ontology || !landmarks || !versions) return null;
  const { terms } = ontology;
  if (terms.length === 0 && versions.length === 0)
    return (
      <PanelEmpty testId="landmarks-empty">
        Landmarks are named points, one of each on every image, such as the tip of a wing. Add a class for
        each name to the list at the left, then place them here.
      </PanelEmpty>
    );
  return <Panel {...props} terms={terms} versions={versions} landmarks={landmarks} generation={generation} />;
}

interface PanelProps extends Props {
  terms: readonly Term[];
  versions: readonly LandmarkDetector[];
  landmarks: Landmarks;
  generation: string;
}

function Panel(props: PanelProps) {
  const { projectId, image, mayDraw, mayManage, terms, landmarks, generation, versions } = props;
  const plane = useWorkspace((s) => s.plane);
  const activeTermId = useWorkspace((s) => s.activeTermId);
  const selection = useWorkspace((s) => s.selection);
  const { data: points } = useQuery(imageLandmarksQuery(image.id, plane, generation));
  const lines = linesOf(landmarks, points ?? [], terms);
  const landmarking = useLandmarking(image.id, lines);
  const plan = usePlan(projectId, landmarks);
  return (
    <Stack gap="sm" p="sm" data-testid="landmarks">
      {mayManage ? (
        <NamesForm
          terms={terms}
          chosen={landmarks.term_ids}
          onChoose={(term_ids) => plan.change({ term_ids })}
        />
      ) : null}
      {lines.length > 0 ? (
        <LandmarkList
          lines={lines}
          activeId={landmarking.isOn ? activeTermId : null}
          selectedId={selection.length === 1 ? (selection[0]?.id ?? null) : null}
          lowConfidence={landmarks.low_confidence}
          mayDraw={mayDraw}
          onPlace={(termId) => void landmarking.place(termId)}
          onLook={landmarking.look}
        />
      ) : (
        <Text size="xs" c="var(--text-dim)" data-testid="landmarks-none">
          {mayManage
            ? "Choose the classes that are landmarks, then place each on this image by a click."
            : "No landmarks are chosen yet. Ask a manager of the project to choose them."}
        </Text>
      )}
      <Problems landmarks={landmarks} terms={terms} />
      <Placing lines={lines} landmarking={landmarking} mayDraw={mayDraw} />
      <Suggested lines={lines} landmarking={landmarking} low={landmarks.low_confidence} mayDraw={mayDraw} />
      {lines.length > 0 || versions.length > 0 ? <Learning {...props} lines={lines} /> : null}
      {lines.length > 1 ? (
        <Measures
          projectId={projectId}
          generation={`${generation} ${JSON.stringify(landmarks.measures)}`}
          terms={lines.map(({ term }) => term)}
          measures={landmarks.measures ?? []}
          mayManage={mayManage}
          isBusy={plan.isPending}
          onChange={(measures) => plan.change({ measures })}
        />
      ) : null}
    </Stack>
  );
}

/** What the project's people chose; a measure of a landmark that is left out is left out too. */
function usePlan(projectId: string, { term_ids, measures }: Landmarks) {
  const client = useQueryClient();
  const save = useMutation({
    // one after the other, and shown at once: a second choice may come before the first is saved
    mutationKey: ["landmarks", projectId],
    scope: { id: `landmarks ${projectId}` },
    mutationFn: (plan: LandmarkPlan) => saveLandmarks(projectId, plan),
    onMutate: async (plan) => {
      // an answer from before this choice would undo it on the page, and the next choice builds on what is shown
      await client.cancelQueries({ queryKey: landmarkKeys.project(projectId) });
      client.setQueriesData<Landmarks>({ queryKey: landmarkKeys.project(projectId) }, (old) =>
        old ? { ...old, ...plan } : old,
      );
    },
    onSettled: () => {
      if (client.isMutating({ mutationKey: ["landmarks", projectId] }) <= 1)
        void client.invalidateQueries({ queryKey: landmarkKeys.all });
    },
  });
  return {
    isPending: save.isPending,
    change(part: Partial<LandmarkPlan>) {
      const plan = { term_ids, measures: measures ?? [], ...part };
      const there = plan.measures.filter((one) => one.term_ids.every((id) => plan.term_ids.includes(id)));
      save.mutate({ ...plan, measures: there });
    },
  };
}

function Problems({ landmarks, terms }: { landmarks: Landmarks; terms: readonly Term[] }) {
  const [first] = landmarks.problems;
  if (!first) return null;
  const name = terms.find(({ id }) => id === first.term_id)?.name ?? "";
  const more = landmarks.problems.length > 1 ? ` and ${landmarks.problems.length - 1} more` : "";
  return (
    <Alert color="orange" p="xs" data-testid="landmark-problem">
      <Text size="xs">
        “{name}” has {first.count} points on {first.image_name}
        {more}. An image has one of each: delete the others, then train.
      </Text>
    </Alert>
  );
}

interface PlacingProps {
  lines: readonly LandmarkLine[];
  landmarking: Landmarking;
  mayDraw: boolean;
}

function Placing({ lines, landmarking, mayDraw }: PlacingProps) {
  const missing = lines.filter(({ point }) => !point).length;
  if (landmarking.isOn)
    return (
      <Group gap={6} wrap="nowrap" justify="space-between" data-testid="landmark-placing">
        <Text size="xs">
          {missing > 0
            ? "Click the marked landmark on the picture; the next name follows."
            : "All are placed. A click moves the marked one."}
        </Text>
        <Button
          size="compact-xs"
          variant="default"
          flex="none"
          onClick={landmarking.stop}
          data-testid="landmark-stop"
        >
          Stop
        </Button>
      </Group>
    );
  if (!mayDraw || missing === 0) return null;
  return (
    <Button variant="light" onClick={landmarking.next} data-testid="landmark-next">
      {`Place ${missing === lines.length ? "them" : `the missing ${missing}`} on this image`}
    </Button>
  );
}

function Suggested({ lines, landmarking, low, mayDraw }: PlacingProps & { low: number }) {
  const open = suggestionsOf(lines);
  if (open.length === 0) return null;
  const doubtful = open.filter(({ confidence }) => (confidence ?? 0) < low).length;
  return (
    <Alert
      color={doubtful > 0 ? "orange" : "cyto"}
      p="xs"
      data-testid="landmark-review"
      data-open={open.length}
    >
      <Stack gap={6}>
        <Text size="xs">
          {plural(open.length, "suggestion")} on this image
          {doubtful > 0 ? `, ${doubtful} of low confidence` : ""}. Drag what is wrong; <Kbd size="xs">N</Kbd>{" "}
          goes to the next, <Kbd size="xs">Y</Kbd> accepts it.
        </Text>
        <Group gap={6} grow>
          <Button size="compact-xs" variant="default" onClick={landmarking.next} data-testid="landmark-look">
            Next
          </Button>
          <Button
            size="compact-xs"
            disabled={!mayDraw}
            onClick={() => void landmarking.accept(null)}
            data-testid="landmark-accept"
          >
            Accept all
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function Learning({
  projectId,
  image,
  mayRun,
  mayManage,
  versions,
  lines,
}: PanelProps & { lines: LandmarkLine[] }) {
  const plane = useWorkspace((s) => s.plane);
  const [version, setVersion] = useState<number | null>(null);
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const start = useLandmarkJobs(projectId);
  const cancel = useCancelJob();
  const job = jobs?.find(isOurs);
  const isBusy = job !== undefined || start.isPending;
  const shown = versions.find((one) => one.version === version) ?? versions[0];
  const detect = (imageIds: string[] | null) =>
    start.mutate({
      kind: "detect-landmarks",
      detector: shown?.version ?? null,
      image_ids: imageIds,
      z: imageIds === null ? 0 : plane.z,
      t: imageIds === null ? 0 : plane.t,
    });
  return (
    <>
      <TrainForm
        missing={missingToTrain(lines)}
        mayTrain={canTrain(lines) && mayRun}
        isBusy={isBusy}
        again={versions.length > 0}
        onTrain={(configuration) =>
          start.mutate({ kind: "train-landmarks", image_ids: null, term_ids: null, configuration })
        }
      />
      {job ? (
        <JobBar name="landmark" {...job} onCancel={mayRun ? () => cancel.mutate(job) : undefined} />
      ) : null}
      {shown ? (
        <Group grow gap={6}>
          <Button
            variant="light"
            disabled={!mayRun || isBusy}
            onClick={() => detect([image.id])}
            data-testid="landmark-find-image"
          >
            Find on this image
          </Button>
          <Button
            variant="default"
            disabled={!mayRun || isBusy}
            onClick={() => detect(null)}
            data-testid="landmark-find-project"
          >
            On all images
          </Button>
        </Group>
      ) : null}
      <Detectors
        projectId={projectId}
        versions={versions}
        shown={shown}
        mayManage={mayManage}
        onShow={setVersion}
      />
    </>
  );
}
