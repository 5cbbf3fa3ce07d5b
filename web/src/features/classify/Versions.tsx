/** The classifiers of the project: what each scores, export, import, removal. */
import { FileButton, Group, Select, Stack, Text } from "@mantine/core";
import { IconDownload, IconTrash, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  classifierKeys,
  classifierQuery,
  exportClassifier,
  importClassifier,
  removeClassifier,
} from "../../api/classifiers";
import { messageFrom } from "../../api/http";
import type { Classifier, Subject } from "../../api/types";
import { tell } from "../../state/notices";
import { plural } from "../../ui/format";
import { Confirm, IconButton } from "../../ui/parts";
import { curveOf, sum } from "./counts";
import { learnerName } from "./methods";
import { QualityCurve } from "./QualityCurve";
import { Scores } from "./Scores";

interface Props {
  projectId: string;
  subject: Subject;
  /** The image that is open; none on the page of images. */
  imageId: string | null;
  versions: readonly Classifier[];
  mayManage: boolean;
}

const nameOf = ({ version, labels, macro_f1, learner }: Classifier): string =>
  `${version} · ${learnerName(learner) || "unknown"} · ${labels.length > 0 ? plural(sum(labels), "label") : "imported"}${macro_f1 === null ? "" : ` · F1 ${macro_f1.toFixed(2)}`}`;

export function Versions({ projectId, subject, imageId, versions, mayManage }: Props) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [removes, setRemoves] = useState(false);
  const client = useQueryClient();
  const shown = versions.find(({ version }) => version === chosen) ?? versions[0];
  const refresh = () => client.invalidateQueries({ queryKey: classifierKeys.list(projectId) });
  const remove = useMutation({
    mutationFn: (version: number) => removeClassifier(projectId, version, subject),
    onSuccess: () => {
      setRemoves(false);
      return refresh();
    },
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  const take = useMutation({
    mutationFn: (file: File) => importClassifier(projectId, file, subject),
    onSuccess: ({ version }) => {
      tell({ kind: "success", message: `Imported as classifier ${version}.` });
      return refresh();
    },
    onError: (error) => tell({ kind: "error", title: "Not imported", message: messageFrom(error) }),
  });
  const save = (version: number) =>
    exportClassifier(projectId, version, subject).catch((error: unknown) =>
      tell({ kind: "error", message: messageFrom(error) }),
    );
  return (
    <Stack gap={6} data-testid="classifier-versions" data-count={versions.length}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        {shown ? (
          <Select
            label="Classifiers"
            flex={1}
            data={versions.map((one) => ({ value: String(one.version), label: nameOf(one) }))}
            allowDeselect={false}
            value={String(shown.version)}
            onChange={(value) => setChosen(value === null ? null : Number(value))}
            data-testid="classifier-choice"
          />
        ) : (
          <Text size="xs" c="var(--text-dim)" flex={1}>
            No classifier yet. Train one, or import one from another project.
          </Text>
        )}
        {shown ? (
          <IconButton
            label="Export as bioimage.io package"
            testId="classifier-export"
            onClick={() => void save(shown.version)}
          >
            <IconDownload size={16} aria-hidden />
          </IconButton>
        ) : null}
        {mayManage ? (
          <FileButton accept=".zip" onChange={(file) => file && take.mutate(file)}>
            {(props) => (
              <IconButton label="Import a classifier" testId="classifier-import" {...props}>
                <IconUpload size={16} aria-hidden />
              </IconButton>
            )}
          </FileButton>
        ) : null}
        {mayManage && shown ? (
          <IconButton label="Remove this version" testId="classifier-remove" onClick={() => setRemoves(true)}>
            <IconTrash size={16} aria-hidden />
          </IconButton>
        ) : null}
      </Group>
      {shown ? (
        <Shown projectId={projectId} subject={subject} imageId={imageId} version={shown.version} />
      ) : null}
      <QualityCurve points={curveOf(versions)} />
      <Confirm
        opened={removes && shown !== undefined}
        title="Remove the classifier"
        action="Remove"
        isBusy={remove.isPending}
        onConfirm={() => shown && remove.mutate(shown.version)}
        onClose={() => setRemoves(false)}
      >
        {`Remove classifier ${shown?.version}? The classes that it suggested stay. This cannot be undone.`}
      </Confirm>
    </Stack>
  );
}

function Shown({
  projectId,
  subject,
  imageId,
  version,
}: Omit<Props, "versions" | "mayManage"> & { version: number }) {
  const { data } = useQuery(classifierQuery(projectId, version, subject));
  return data ? <Scores projectId={projectId} imageId={imageId} classifier={data} /> : null;
}
