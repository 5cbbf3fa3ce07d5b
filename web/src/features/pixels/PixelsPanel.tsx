/** Scribble classes, train, look at the preview, correct by more scribbles, then find the objects. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { jobsQuery } from "../../api/jobs";
import { pixelClassifiersQuery, scribblesQuery } from "../../api/pixels";
import { ontologyQuery } from "../../api/projects";
import type { Image, Job, Layer, PixelClassifier, PixelConfiguration, Term } from "../../api/types";
import { setPixels, usePixels } from "../../state/pixels";
import { useWorkspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import { ApplyForm } from "./ApplyForm";
import {
  canTrain,
  likelyBackground,
  materialOf,
  newScribbles,
  rowsOf,
  type ScribbleRow,
  sum,
} from "./counts";
import { PixelJob } from "./PixelJob";
import { PixelVersions } from "./PixelVersions";
import { PreviewControls } from "./PreviewControls";
import "./pixels.css";
import { ScribbleTable } from "./ScribbleTable";
import { TrainForm } from "./TrainForm";
import { usePixelJobs } from "./usePixelJobs";
import { useScribbling } from "./useScribbling";

interface Props {
  projectId: string;
  image: Image;
  layers: readonly Layer[];
  mayDraw: boolean;
  mayRun: boolean;
  mayManage: boolean;
}

const isOurs = ({ kind, state, parameters }: Job): boolean =>
  (state === "running" || state === "queued") &&
  (kind === "train-pixels" || (kind === "segment" && String(parameters.method).startsWith("pixels:")));

export function PixelsPanel(props: Props) {
  const { projectId, layers } = props;
  const generation = layers.map(({ id, generation: at }) => `${id}:${at}`).join();
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: images } = useQuery(scribblesQuery(projectId, generation));
  const { data: versions } = useQuery(pixelClassifiersQuery(projectId));
  if (!ontology || !images || !versions) return null;
  const { terms } = ontology;
  if (terms.length < 2 && versions.length === 0)
    return (
      <PanelEmpty testId="pixels-empty">
        A pixel classifier tells kinds of pixels apart, such as nuclei and background. Add at least 2 classes
        to the list at the left, then scribble over a few pixels of each.
      </PanelEmpty>
    );
  return <Panel {...props} terms={terms} versions={versions} rows={rowsOf(images, props.image.id, terms)} />;
}

interface PanelProps extends Props {
  terms: readonly Term[];
  versions: readonly PixelClassifier[];
  rows: readonly ScribbleRow[];
}

function Panel({ projectId, image, mayDraw, mayRun, mayManage, terms, versions, rows }: PanelProps) {
  const activeTermId = useWorkspace((s) => s.activeTermId);
  const chosen = usePixels((s) => s.version);
  const [background, setBackground] = useState<number | null | undefined>(undefined);
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const scribbling = useScribbling(image.id);
  const start = usePixelJobs(projectId);
  const [newest] = versions;
  const shown = versions.find(({ version }) => version === chosen) ?? newest;
  const job = jobs?.find(isOurs);
  const ground = background === undefined ? likelyBackground(rows, newest) : background;
  const train = (configuration: PixelConfiguration, isLive: boolean) => {
    if (isLive) setPixels({ version: null }); // the preview follows the newest
    const background_term_id = groundDrawn(rows, ground);
    start.mutate([
      { kind: "train-pixels", image_ids: null, background_term_id, configuration, automatic: isLive },
    ]);
  };
  return (
    <Stack gap="sm" p="sm" data-testid="pixels">
      <ScribbleTable
        rows={rows}
        activeId={scribbling.isOn ? activeTermId : null}
        mayDraw={mayDraw}
        onDraw={(termId) => void scribbling.start(termId)}
      />
      <Hint rows={rows} isOn={scribbling.isOn} onStop={scribbling.stop} mayDraw={mayDraw} />
      <NewScribbles rows={rows} newest={newest} />
      <TrainForm
        rows={rows}
        background={ground}
        onBackground={setBackground}
        ownUm={image.pixel_width_um ?? null}
        canTrain={canTrain(rows) && mayRun}
        isBusy={job !== undefined || start.isPending}
        again={newest !== undefined}
        material={materialOf(rows, newest)}
        onTrain={train}
      />
      {job ? <PixelJob job={job} mayCancel={mayRun} /> : null}
      {shown ? (
        <>
          <PreviewControls classifier={shown} />
          <ApplyForm
            image={image}
            classifier={shown}
            terms={terms}
            isBusy={!mayRun || job !== undefined || start.isPending}
            onApply={start.mutate}
          />
        </>
      ) : null}
      <PixelVersions projectId={projectId} versions={versions} shown={shown} mayManage={mayManage} />
    </Stack>
  );
}

/** The background, unless nobody has drawn it: the server would refuse a class without scribbles. */
const groundDrawn = (rows: readonly ScribbleRow[], ground: number | null): number | null =>
  rows.some(({ term, everywhere }) => term.id === ground && everywhere > 0) ? ground : null;

interface HintProps {
  rows: readonly ScribbleRow[];
  isOn: boolean;
  mayDraw: boolean;
  onStop(): void;
}

function Hint({ rows, isOn, mayDraw, onStop }: HintProps) {
  if (isOn)
    return (
      <Group gap={6} wrap="nowrap" justify="space-between" data-testid="scribbling">
        <Text size="xs">What you draw is a scribble of the chosen class, on the layer "Scribbles".</Text>
        <Button size="compact-xs" variant="default" flex="none" onClick={onStop} data-testid="scribble-stop">
          Stop
        </Button>
      </Group>
    );
  if (!mayDraw || canTrain(rows)) return null;
  const isFirst = sum(rows.map(({ everywhere }) => everywhere)) === 0;
  return (
    <Text size="xs" c="var(--text-dim)" data-testid="scribble-hint">
      {isFirst
        ? "Click a class above and paint over a few of its pixels with the brush; then another class. Short strokes in different places teach more than large areas."
        : "Scribble with one more class, the background say, then train."}
    </Text>
  );
}

function NewScribbles({
  rows,
  newest,
}: {
  rows: readonly ScribbleRow[];
  newest: PixelClassifier | undefined;
}) {
  const fresh = newScribbles(rows, newest);
  const isLive = usePixels((s) => s.isLive);
  if (!newest || fresh === 0 || isLive) return null;
  return (
    <Alert color="cyto" p="xs" data-testid="pixel-retrain">
      <Text size="xs">
        {plural(fresh, "new scribble")} since version {newest.version}. Train again to use them.
      </Text>
    </Alert>
  );
}
