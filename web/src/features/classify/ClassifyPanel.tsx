/** Label a few objects, train, look at the suggestions, correct, train again. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { classifiersQuery, labelsQuery } from "../../api/classifiers";
import { imagesQuery } from "../../api/images";
import { jobsQuery } from "../../api/jobs";
import { ontologyQuery } from "../../api/projects";
import type { Image, Layer } from "../../api/types";
import { plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import "./classify.css";
import { canTrain, newLabels, openIn, rowsOf, sum, WORTH_TRAINING } from "./counts";
import { LabelTable } from "./LabelTable";
import { RunningJob } from "./RunningJob";
import { Suggestions } from "./Suggestions";
import { TrainForm } from "./TrainForm";
import { useStart } from "./useStart";
import { Versions } from "./Versions";

interface Props {
  projectId: string;
  image: Image;
  layers: readonly Layer[];
  mayLabel: boolean;
  mayRun: boolean;
  mayManage: boolean;
}

/** A text that changes whenever objects of the image do. */
const generationOf = (layers: readonly Layer[]): string =>
  layers.map(({ id, generation }) => `${id}:${generation}`).join();

export function ClassifyPanel({ projectId, image, layers, mayLabel, mayRun, mayManage }: Props) {
  const generation = generationOf(layers);
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: labels } = useQuery(labelsQuery(projectId, generation));
  const { data: versions } = useQuery(classifiersQuery(projectId));
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const { data: images } = useQuery(imagesQuery(projectId));
  const start = useStart(projectId);
  if (!ontology || !labels || !versions) return null;
  const { terms } = ontology;
  if (terms.length < 2) {
    return (
      <PanelEmpty testId="classify-empty">
        A classifier tells classes apart. Add at least 2 classes to the list at the left, then give a few
        objects of each their class.
      </PanelEmpty>
    );
  }
  const rows = rowsOf(
    labels,
    image.id,
    terms.map(({ id }) => id),
  );
  const hasObjects = labels.total.length > 0;
  const [newest] = versions;
  const fresh = newLabels(rows, newest);
  const job = jobs?.find(
    ({ kind, state }) =>
      (kind === "train-classifier" || kind === "classify") && (state === "running" || state === "queued"),
  );
  return (
    <Stack gap="sm" p="sm" className="classify" data-testid="classify">
      <LabelTable rows={rows} terms={terms} />
      {hasObjects ? null : (
        <PanelEmpty testId="classify-no-objects">
          There are no outlines to classify yet. Let a method find objects under "Segment", or draw some.
        </PanelEmpty>
      )}
      {hasObjects && !canTrain(rows) ? (
        <Text size="xs" c="var(--text-dim)" data-testid="classify-hint">
          Label at least 2 objects in each of 2 classes: click an object and press the key of its class. Ten
          or more of each make a better start.
        </Text>
      ) : null}
      {newest && fresh >= WORTH_TRAINING ? (
        <Alert color="cyto" p="xs" data-testid="retrain-hint">
          <Text size="xs">
            {plural(fresh, "new label")} since classifier {newest.version}. Train again to use them.
          </Text>
        </Alert>
      ) : null}
      <TrainForm
        subject="objects"
        images={images ?? []}
        versions={versions}
        canTrain={canTrain(rows) && mayRun}
        canTrainNetworks={labels.can_train_networks}
        isBusy={job !== undefined || start.isPending}
        onTrain={({ configuration, tested, applies, earlier }) =>
          start.mutate({
            kind: "train-classifier",
            image_ids: null,
            test_image_ids: tested,
            then_classify: applies ? [image.id] : [],
            configuration,
            continue_from: earlier,
          })
        }
      />
      {job ? <RunningJob job={job} mayCancel={mayRun} /> : null}
      {newest ? (
        <>
          <Group grow gap={6}>
            <Button
              variant="light"
              disabled={!mayRun || job !== undefined || openIn(labels, image.id) + suggested(rows) === 0}
              onClick={() =>
                start.mutate({ kind: "classify", classifier: null, image_ids: [image.id], layer_ids: null })
              }
              data-testid="classify-image"
            >
              Apply to this image
            </Button>
            <Button
              variant="default"
              disabled={!mayRun || job !== undefined}
              onClick={() =>
                start.mutate({ kind: "classify", classifier: null, image_ids: null, layer_ids: null })
              }
              data-testid="classify-project"
            >
              To all images
            </Button>
          </Group>
          <Suggestions
            projectId={projectId}
            image={image}
            layers={layers}
            generation={generation}
            count={suggested(rows)}
            mayLabel={mayLabel}
          />
        </>
      ) : null}
      <Versions
        projectId={projectId}
        subject="objects"
        versions={versions}
        mayManage={mayManage}
        imageId={image.id}
      />
    </Stack>
  );
}

const suggested = (rows: ReturnType<typeof rowsOf>): number =>
  sum(rows.map(({ suggestedHere }) => suggestedHere));
