/** Beside the grid: classes with their counts, training, suggestions, versions. */
import { Alert, Button, Group, Kbd, NumberInput, Stack, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { classifiersQuery, downloadImageClasses, labelsQuery } from "../../../api/classifiers";
import { messageFrom } from "../../../api/http";
import { jobsQuery } from "../../../api/jobs";
import { mayManage, mayRun } from "../../../api/roles";
import type { Image, Project, Term } from "../../../api/types";
import { tell } from "../../../state/notices";
import { plural } from "../../../ui/format";
import { Chip, IconButton } from "../../../ui/parts";
import { sum, WORTH_TRAINING } from "../counts";
import { RunningJob } from "../RunningJob";
import { TrainForm } from "../TrainForm";
import { useStart } from "../useStart";
import { Versions } from "../Versions";
import { canLearn, isSuggested, type TermCount } from "./labels";
import { classesSent } from "./sending";

interface Props {
  project: Project;
  images: readonly Image[];
  terms: readonly Term[];
  counts: readonly TermCount[];
  chosen: readonly Image[];
  mayLabel: boolean;
  onGive(termId: number | null): void;
  onAccept(): void;
  onDecide(action: "accept" | "clear", least: number): Promise<void>;
}

const KINDS = ["train-image-classifier", "classify-images"];

export function ClassSide(props: Props) {
  const { project, images, terms, counts, chosen, mayLabel, onGive, onAccept, onDecide } = props;
  const { id } = project;
  const { data: versions } = useQuery(classifiersQuery(id, "images"));
  const { data: labels } = useQuery(labelsQuery(id, ""));
  const { data: jobs } = useQuery(jobsQuery(id));
  const start = useStart(id);
  const job = jobs?.find(
    ({ kind, state }) => KINDS.includes(kind) && (state === "running" || state === "queued"),
  );
  const runs = mayRun(project.role);
  const suggested = images.filter(isSuggested);
  const [newest] = versions ?? [];
  const fresh =
    newest && newest.labels.length > 0 ? sum(counts.map(({ labelled }) => labelled)) - sum(newest.labels) : 0;
  return (
    <Stack gap="sm" className="class-side">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} size="sm">
          Classes
        </Text>
        <IconButton
          label="Table of all images and their classes (CSV)"
          testId="image-classes-csv"
          onClick={() =>
            void classesSent()
              .then(() => downloadImageClasses(id))
              .catch((error: unknown) => tell({ kind: "error", message: messageFrom(error) }))
          }
        >
          <IconDownload size={16} aria-hidden />
        </IconButton>
      </Group>
      <ClassTable terms={terms} counts={counts} isOpen={mayLabel && chosen.length > 0} onGive={onGive} />
      {mayLabel && chosen.length > 0 ? (
        <Group grow gap={6}>
          <Button
            variant="default"
            disabled={!chosen.some(isSuggested)}
            onClick={onAccept}
            rightSection={<Kbd size="xs">Y</Kbd>}
            data-testid="image-accept"
          >
            Agree
          </Button>
          <Button variant="default" onClick={() => onGive(null)} data-testid="image-clear">
            No class
          </Button>
        </Group>
      ) : null}
      {canLearn(counts) ? null : (
        <Text size="xs" c="var(--text-dim)" data-testid="image-train-hint">
          Give at least 2 images in each of 2 classes their class. Ten or more of each make a better start.
        </Text>
      )}
      {newest && fresh >= WORTH_TRAINING ? (
        <Alert color="cyto" p="xs">
          <Text size="xs">
            {plural(fresh, "new label")} since classifier {newest.version}. Train again to use them.
          </Text>
        </Alert>
      ) : null}
      <TrainForm
        subject="images"
        images={images}
        versions={versions ?? []}
        canTrain={canLearn(counts) && runs}
        canTrainNetworks={labels?.can_train_networks ?? true}
        isBusy={job !== undefined || start.isPending}
        onTrain={({ configuration, tested, applies, earlier }) =>
          start.mutate({
            kind: "train-image-classifier",
            image_ids: null,
            test_image_ids: tested,
            then_classify: applies,
            configuration,
            continue_from: earlier,
          })
        }
      />
      {job ? <RunningJob job={job} mayCancel={runs} /> : null}
      {newest ? (
        <Button
          variant="light"
          disabled={
            !runs ||
            job !== undefined ||
            images.every(({ term_id, term_score }) => term_id !== null && term_score === null)
          }
          onClick={() => start.mutate({ kind: "classify-images", classifier: null, image_ids: null })}
          data-testid="classify-images"
        >
          Suggest classes for the other images
        </Button>
      ) : null}
      {suggested.length > 0 && mayLabel ? <Deciding count={suggested.length} onDecide={onDecide} /> : null}
      <Versions
        projectId={id}
        subject="images"
        versions={versions ?? []}
        mayManage={mayManage(project.role)}
        imageId={null}
      />
    </Stack>
  );
}

interface TableProps {
  terms: readonly Term[];
  counts: readonly TermCount[];
  isOpen: boolean;
  onGive(termId: number): void;
}

function ClassTable({ terms, counts, isOpen, onGive }: TableProps) {
  return (
    <Table className="classify-labels tabular" data-testid="image-class-counts">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Class</Table.Th>
          <Table.Th ta="right">images</Table.Th>
          <Table.Th ta="right">suggested</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {counts.map(({ termId, labelled, suggested }) => {
          const term = terms.find(({ id }) => id === termId);
          return (
            <Table.Tr key={termId} data-testid="image-class-row" data-term={term?.name}>
              <Table.Td>
                <button
                  type="button"
                  className="class-give"
                  disabled={!isOpen}
                  onClick={() => onGive(termId)}
                  title={isOpen ? `Give the selected images the class ${term?.name}` : undefined}
                >
                  <Chip color={term?.color ?? "transparent"} />
                  <span className="ellipsis">{term?.name}</span>
                  {term?.hotkey ? <Kbd size="xs">{term.hotkey}</Kbd> : null}
                </button>
              </Table.Td>
              <Table.Td ta="right">{labelled.toLocaleString("en-US")}</Table.Td>
              <Table.Td ta="right">{suggested.toLocaleString("en-US")}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function Deciding({ count, onDecide }: { count: number; onDecide: Props["onDecide"] }) {
  const [least, setLeast] = useState(0.9);
  const decide = (action: "accept" | "clear") => onDecide(action, least);
  return (
    <Stack gap={6} data-testid="image-suggestions" data-count={count}>
      <Group gap={6} wrap="nowrap" align="flex-end">
        <NumberInput
          label={`${plural(count, "suggestion")}; at least so certain`}
          flex={1}
          min={0}
          max={1}
          step={0.05}
          value={least}
          onChange={(value) => typeof value === "number" && setLeast(value)}
          data-testid="image-accept-from"
        />
        <Button onClick={() => void decide("accept")} data-testid="image-accept-many">
          Accept
        </Button>
      </Group>
      <Button variant="default" onClick={() => void decide("clear")} data-testid="image-clear-suggestions">
        Take all suggestions away
      </Button>
    </Stack>
  );
}
