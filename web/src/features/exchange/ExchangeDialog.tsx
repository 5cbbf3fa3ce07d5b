/** Objects of all images out as one set of files, and back in. */
import {
  Alert,
  Button,
  Checkbox,
  Divider,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { IconDownload, IconFileImport } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { isRunning } from "../../api/events";
import { downloadFileOf, EXPORT_SETS, type ExportSet, startExport, startSetImport } from "../../api/exchange";
import { messageFrom } from "../../api/http";
import type { Job, Project } from "../../api/types";
import { FilePick } from "../../ui/FilePick";
import { JobProgress, useJob, useStarted } from "./JobProgress";

/** Their files hold pictures or masks, which may be smaller than the images. */
const WITH_PIXELS: readonly ExportSet[] = [
  "annotatorj",
  "yolo",
  "yolo-segments",
  "labels",
  "semantic",
  "binary",
  "stacks",
  "boxes",
  "overlays",
  "crops",
];

interface Props {
  project: Project;
  mayImport: boolean;
  onClose(): void;
}

export function ExchangeDialog({ project, mayImport, onClose }: Props) {
  return (
    <Modal opened onClose={onClose} title="Export and import" data-testid="exchange">
      <Stack>
        <ExportForm project={project} />
        {mayImport ? (
          <>
            <Divider />
            <ImportForm project={project} />
          </>
        ) : null}
      </Stack>
    </Modal>
  );
}

function ExportForm({ project }: { project: Project }) {
  const [set, setSet] = useState<ExportSet>("annotatorj");
  const [downsample, setDownsample] = useState(1);
  const [cropPx, setCropPx] = useState(256);
  const [predictions, setPredictions] = useState(true);
  const started = useStarted();
  const order = useMutation({
    mutationFn: () => startExport(project.id, { set, downsample, cropPx, predictions }),
    onSuccess: started,
  });
  const job = useJob(project.id, order.data?.id ?? null) ?? order.data ?? null;
  const fetching = useDownloadWhenDone(job);
  return (
    <Stack gap="sm">
      <Select
        label="Set of files for all images of the project"
        data={EXPORT_SETS.map(({ name, title }) => ({ value: name, label: title }))}
        value={set}
        allowDeselect={false}
        onChange={(value) => setSet((value ?? "annotatorj") as ExportSet)}
        data-testid="export-set"
      />
      <Group grow>
        {WITH_PIXELS.includes(set) ? (
          <NumberInput
            label="Image pixels a pixel of the files"
            min={0.05}
            max={1024}
            decimalScale={2}
            value={downsample}
            onChange={(value) => setDownsample(Number(value) || 1)}
            data-testid="export-downsample"
          />
        ) : null}
        {set === "crops" ? (
          <NumberInput
            label="Side of a crop, px (0: the object's)"
            min={0}
            max={4096}
            value={cropPx}
            onChange={(value) => setCropPx(Number(value) || 0)}
          />
        ) : null}
      </Group>
      <Checkbox
        label="With predictions that nobody has accepted yet"
        checked={predictions}
        onChange={(event) => setPredictions(event.currentTarget.checked)}
      />
      <Button
        leftSection={<IconDownload size={15} />}
        loading={order.isPending || (job !== null && isRunning(job))}
        onClick={() => order.mutate()}
        data-testid="export-run"
      >
        Download
      </Button>
      {job ? <JobProgress job={job} testId="export" /> : null}
      {order.isError || fetching ? (
        <Alert color="red" data-testid="export-error">
          {fetching ?? messageFrom(order.error)}
        </Alert>
      ) : null}
    </Stack>
  );
}

/** Saves the file of a job once, as soon as it is there; what went wrong with that. */
function useDownloadWhenDone(job: Job | null): string | null {
  const [problem, setProblem] = useState<string | null>(null);
  const saved = useRef<string | null>(null);
  useEffect(() => {
    if (!job?.file || saved.current === job.id) return;
    saved.current = job.id;
    downloadFileOf(job).then(
      () => setProblem(null),
      (error: unknown) => setProblem(messageFrom(error)),
    );
  }, [job]);
  return problem;
}

function ImportForm({ project }: { project: Project }) {
  const started = useStarted();
  const order = useMutation({
    mutationFn: (file: File) => startSetImport(project.id, file),
    onSuccess: started,
  });
  const job = useJob(project.id, order.data?.id ?? null) ?? order.data ?? null;
  return (
    <Stack gap="sm">
      <Text size="sm">
        A zip of annotation files: each goes to the image whose name it bears. Label images, masks, stacks,
        boxes, ImageJ ROIs, GeoJSON, COCO, YOLO labels, and folders of AnnotatorJ and OpSeF.
      </Text>
      <FilePick
        label="Zip of annotation files"
        testId="import-set-input"
        accept=".zip"
        onFiles={([file]) => file && order.mutate(file)}
      >
        {(open) => (
          <Button
            variant="default"
            leftSection={<IconFileImport size={15} />}
            loading={order.isPending || (job !== null && isRunning(job))}
            onClick={open}
            data-testid="import-set"
          >
            Import a zip
          </Button>
        )}
      </FilePick>
      {order.isError ? <Alert color="red">{messageFrom(order.error)}</Alert> : null}
      {job ? <JobProgress job={job} testId="import" /> : null}
    </Stack>
  );
}
