/** What a classifier scores: numbers, the confusion matrix, each class, and the objects of a cell. */
import { SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { ClassifierDetails, PartitionScores } from "../../api/types";
import { CheckedImages } from "./CheckedImages";
import { CheckedObjects } from "./CheckedObjects";
import { Confusion } from "./Confusion";
import { RocPlot } from "./RocPlot";
import { TrainingCurve } from "./TrainingCurve";

const PARTITIONS: Record<PartitionScores["partition"], string> = {
  held_out: "Held out",
  training: "Learnt from",
  test: "Test images",
};

interface Props {
  projectId: string;
  imageId: string | null;
  classifier: ClassifierDetails;
}

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value.toFixed(2);

export function Scores({ projectId, imageId, classifier }: Props) {
  const [partition, setPartition] = useState<PartitionScores["partition"]>("held_out");
  const [cell, setCell] = useState<{ truth: number; predicted: number } | null>(null);
  const scores = classifier.scores.find((one) => one.partition === partition) ?? classifier.scores[0];
  if (!scores) return <Text size="xs">Nothing is known of the scores of this classifier.</Text>;
  return (
    <Stack gap={8} data-testid="classifier-scores" data-version={classifier.version}>
      <SegmentedControl
        size="xs"
        fullWidth
        data={classifier.scores.map((one) => ({ value: one.partition, label: PARTITIONS[one.partition] }))}
        value={scores.partition}
        onChange={(value) => setPartition(value as PartitionScores["partition"])}
        data-testid="score-partition"
      />
      <Text size="xs" className="tabular" data-testid="score-line">
        Accuracy {shown(scores.accuracy)} · macro F1 {shown(scores.macro_f1)} ·{" "}
        {scores.objects.toLocaleString("en-US")} {classifier.subject}
      </Text>
      {scores.partition === "held_out" && classifier.split === "object" && imageId !== null ? (
        <Text size="xs" c="var(--text-dim)" data-testid="score-caution">
          Held-out objects lie on images it has seen, which flatters. Label on 2 images or more.
        </Text>
      ) : null}
      <Confusion
        classes={classifier.classes}
        confusion={scores.confusion}
        chosen={scores.partition === "held_out" ? cell : null}
        onChoose={scores.partition === "held_out" ? setCell : null}
      />
      {cell && scores.partition === "held_out" ? (
        <Cell projectId={projectId} imageId={imageId} classifier={classifier} {...cell} />
      ) : null}
      <Table className="classify-labels tabular">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Class</Table.Th>
            <Table.Th ta="right">precision</Table.Th>
            <Table.Th ta="right">recall</Table.Th>
            <Table.Th ta="right">F1</Table.Th>
            <Table.Th ta="right">AUC</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {classifier.classes.map(({ name }, at) => {
            const one = scores.classes[at];
            return (
              <Table.Tr key={name}>
                <Table.Td className="ellipsis">{name}</Table.Td>
                <Table.Td ta="right">{shown(one?.precision)}</Table.Td>
                <Table.Td ta="right">{shown(one?.recall)}</Table.Td>
                <Table.Td ta="right">{shown(one?.f1)}</Table.Td>
                <Table.Td ta="right">{shown(one?.auc)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <RocPlot classes={classifier.classes} scores={scores} />
      {classifier.curve.length > 0 ? <Learnt classifier={classifier} /> : null}
    </Stack>
  );
}

function Cell({
  projectId,
  imageId,
  classifier,
  truth,
  predicted,
}: Props & { truth: number; predicted: number }) {
  const title = `${classifier.classes[truth]?.name} taken for ${classifier.classes[predicted]?.name}`;
  const place = { projectId, version: classifier.version, truth, predicted, title };
  return imageId === null ? <CheckedImages {...place} /> : <CheckedObjects {...place} imageId={imageId} />;
}

const ENDS: Record<string, string> = {
  "early stop": "it ended by itself: the loss on what is held out fell no more",
  person: "a person ended it",
  epochs: "it went through all epochs",
};

function Learnt({ classifier }: { classifier: ClassifierDetails }) {
  const { curve, ended_by, continued_from } = classifier;
  return (
    <>
      <TrainingCurve points={curve} />
      <Text size="xs" c="var(--text-dim)" data-testid="training-end">
        {ENDS[ended_by ?? ""] ?? "Ended"}
        {continued_from === null ? "." : `; it went on from classifier ${continued_from}.`}
      </Text>
    </>
  );
}
