/** The classifiers of the project: what each scores, export, import, removal. */
import { Stack } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  classifierKeys,
  classifierQuery,
  exportClassifier,
  importClassifier,
  removeClassifier,
} from "../../api/classifiers";
import type { Classifier, Subject } from "../../api/types";
import { versionActions } from "../../state/versions";
import { plural } from "../../ui/format";
import { VersionBar } from "../../ui/VersionBar";
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
  const client = useQueryClient();
  const shown = versions.find(({ version }) => version === chosen) ?? versions[0];
  const actions = versionActions({
    noun: "classifier",
    save: (version) => exportClassifier(projectId, version, subject),
    take: (file) => importClassifier(projectId, file, subject),
    remove: (version) => removeClassifier(projectId, version, subject),
    refresh: () => client.invalidateQueries({ queryKey: classifierKeys.list(projectId) }),
  });
  return (
    <Stack gap={6} data-testid="classifier-versions" data-count={versions.length}>
      <VersionBar
        name="classifier"
        noun="classifier"
        kept="The classes that it suggested stay."
        versions={versions.map((one) => ({ version: one.version, label: nameOf(one) }))}
        shown={shown?.version}
        mayManage={mayManage}
        onShow={setChosen}
        {...actions}
      />
      {shown ? (
        <Shown projectId={projectId} subject={subject} imageId={imageId} version={shown.version} />
      ) : null}
      <QualityCurve points={curveOf(versions)} />
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
