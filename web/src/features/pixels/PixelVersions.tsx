/** The pixel classifiers of the project: which one is shown and applied, export, import, removal. */
import { Stack } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { projectMethodsQuery } from "../../api/jobs";
import {
  exportPixelClassifier,
  importPixelClassifier,
  pixelKeys,
  removePixelClassifier,
} from "../../api/pixels";
import type { PixelClassifier } from "../../api/types";
import { setPixels } from "../../state/pixels";
import { versionActions } from "../../state/versions";
import { plural } from "../../ui/format";
import { VersionBar } from "../../ui/VersionBar";
import { sum } from "./counts";
import { PixelScores } from "./PixelScores";

interface Props {
  projectId: string;
  versions: readonly PixelClassifier[];
  shown: PixelClassifier | undefined;
  mayManage: boolean;
}

const nameOf = ({ version, scribbles, macro_f1 }: PixelClassifier): string =>
  `Version ${version} · ${scribbles.length > 0 ? plural(sum(scribbles), "scribble") : "imported"}${macro_f1 === null ? "" : ` · F1 ${macro_f1.toFixed(2)}`}`;

export function PixelVersions({ projectId, versions, shown, mayManage }: Props) {
  const client = useQueryClient();
  const actions = versionActions({
    noun: "pixel classifier",
    save: (version) => exportPixelClassifier(projectId, version),
    take: (file) => importPixelClassifier(projectId, file),
    remove: (version) => removePixelClassifier(projectId, version),
    refresh: () => {
      setPixels({ version: null });
      void client.invalidateQueries({ queryKey: projectMethodsQuery(projectId).queryKey });
      return client.invalidateQueries({ queryKey: pixelKeys.list(projectId) });
    },
  });
  return (
    <Stack gap={6} data-testid="pixel-versions" data-count={versions.length}>
      <VersionBar
        name="pixel"
        noun="pixel classifier"
        kept="The objects that it found stay."
        versions={versions.map((one) => ({ version: one.version, label: nameOf(one) }))}
        shown={shown?.version}
        mayManage={mayManage}
        onShow={(version) => setPixels({ version })}
        {...actions}
      />
      {shown ? <PixelScores projectId={projectId} version={shown.version} /> : null}
    </Stack>
  );
}
