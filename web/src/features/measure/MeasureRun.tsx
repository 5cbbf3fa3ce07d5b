/** Measuring a layer, or those like it in all images, and the numbers as files. */
import { Button, Group, Menu, Text } from "@mantine/core";
import { IconChevronDown, IconDownload, IconPhoto, IconRulerMeasure } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/download";
import { isRunning as runs } from "../../api/events";
import { messageFrom } from "../../api/http";
import { jobsQuery, jobTold, startJob } from "../../api/jobs";
import { type TableFormat, tableUrl } from "../../api/measurements";
import type { Layer } from "../../api/types";
import { tell } from "../../state/notices";
import { plural } from "../../ui/format";
import { FeatureChoice, rememberedFeatures } from "./FeatureChoice";
import { usePlotting } from "./settings";

const FORMATS: readonly [TableFormat, string][] = [
  ["csv", "CSV"],
  ["parquet", "Parquet"],
  ["h5ad", "AnnData"],
];

interface Props {
  projectId: string;
  layer: Layer;
  mayRun: boolean;
}

export function MeasureRun({ projectId, layer, mayRun }: Props) {
  const client = useQueryClient();
  const [features, setFeatures] = useState(rememberedFeatures);
  const jobs = useQuery(jobsQuery(projectId));
  const isRunning = jobs.data?.some(
    (job) => job.kind === "measure" && job.layer_ids.includes(layer.id) && runs(job),
  );
  const start = useMutation({
    mutationFn: (everywhere: boolean) =>
      startJob(projectId, { kind: "measure", layer_ids: [layer.id], everywhere, ...features }),
    onSuccess: (job) => jobTold(client, job),
    onError: (error) => tell({ kind: "error", title: "Not started", message: messageFrom(error) }),
  });
  const cannot = layer.count === 0 || !mayRun;
  return (
    <>
      <Button.Group>
        <Button
          flex={1}
          px={8}
          leftSection={<IconRulerMeasure size={14} />}
          variant={layer.measured_at ? "default" : "filled"}
          disabled={cannot}
          loading={start.isPending || isRunning === true}
          onClick={() => start.mutate(false)}
          data-testid="measure-run"
        >
          {layer.measured_at ? "Measure again" : `Measure ${plural(layer.count, "object")}`}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              px={6}
              variant={layer.measured_at ? "default" : "filled"}
              disabled={cannot || isRunning === true}
              aria-label="More ways to measure"
              data-testid="measure-more"
            >
              <IconChevronDown size={14} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconPhoto size={14} aria-hidden />}
              onClick={() => start.mutate(true)}
              data-testid="measure-everywhere"
            >
              Measure all images of the project
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      {mayRun && layer.count > 0 ? <FeatureChoice value={features} onChange={setFeatures} /> : null}
      {layer.measured_at ? (
        <Downloads layer={layer} />
      ) : (
        <Text size="xs" c="var(--text-dim)">
          Area, shape and the intensity of every channel of each object in "{layer.name}"; shown here as plots
          and in the table of objects.
        </Text>
      )}
    </>
  );
}

function Downloads({ layer }: { layer: Layer }) {
  const scope = usePlotting((s) => s.scope);
  const save = useMutation({
    mutationFn: (format: TableFormat) => download(tableUrl(layer.id, format, scope)),
    onError: (error) => tell({ kind: "error", title: "Not saved", message: messageFrom(error) }),
  });
  return (
    <Group gap={6} wrap="nowrap" grow>
      {FORMATS.map(([format, name]) => (
        <Button
          key={format}
          onClick={() => save.mutate(format)}
          loading={save.isPending && save.variables === format}
          variant="default"
          px={6}
          leftSection={<IconDownload size={12} />}
          data-testid={`measurements-${format}`}
        >
          {name}
        </Button>
      ))}
    </Group>
  );
}
