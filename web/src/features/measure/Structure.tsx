/** Structure in the measurements: objects arranged by likeness, clusters, and the unusual ones. */
import { Button, Group, NumberInput, Progress, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { exploreMethodsQuery } from "../../api/measurements";
import type { Column, ExploreMethodInfo, ExploreRequest, Job, Layer, Term } from "../../api/types";
import { useCancelJob } from "../../api/useCancelJob";
import { ClusterClasses } from "./ClusterClasses";
import { setPlotting, usePlotting } from "./settings";
import { Unusual } from "./Unusual";
import { useExplore } from "./useExplore";

interface Props {
  projectId: string;
  layer: Layer;
  columns: readonly Column[];
  terms: readonly Term[];
  notes: readonly string[];
  mayRun: boolean;
  mayManage: boolean;
}

/** Shows what was found where it is seen best. */
function show({ step, method }: ExploreRequest): void {
  if (step === "project") setPlotting({ kind: "scatter", x: `${method}_1`, y: `${method}_2` });
  else if (step === "cluster") setPlotting({ color: "cluster", by: "cluster" });
}

export function Structure({ projectId, layer, columns, terms, notes, mayRun, mayManage }: Props) {
  const scope = usePlotting((s) => s.scope);
  const methods = useQuery(exploreMethodsQuery).data ?? [];
  const { start, isStarting, running } = useExplore(projectId, layer.id, show);
  const has = (key: string) => columns.some((one) => one.key === key);
  const run = (step: ExploreRequest["step"], method: ExploreRequest["method"], count: number | null) =>
    start({ kind: "explore", layer_id: layer.id, step, method, scope, count });
  const shared = { methods, mayRun: mayRun && !running && !isStarting, onRun: run };
  return (
    <Stack gap={8} data-testid="structure">
      <Text size="xs" fw={600}>
        Find structure
      </Text>
      <StepRow step="project" label="Arrange" test="arrange" {...shared} />
      <StepRow step="cluster" label="Cluster" test="cluster" {...shared} />
      <StepRow step="outliers" label="Unusual" test="unusual" {...shared} />
      {running ? <Running job={running} /> : null}
      {notes.length > 0 ? (
        <Stack gap={2} data-testid="explore-notes">
          {notes.map((note) => (
            <Text key={note} size="xs" c="var(--text-dim)">
              {note}
            </Text>
          ))}
        </Stack>
      ) : null}
      {has("cluster") ? (
        <ClusterClasses
          projectId={projectId}
          layer={layer}
          terms={terms}
          scope={scope}
          mayManage={mayManage}
        />
      ) : null}
      {has("outlier") ? <Unusual projectId={projectId} layer={layer} terms={terms} scope={scope} /> : null}
    </Stack>
  );
}

interface StepProps {
  step: ExploreRequest["step"];
  label: string;
  test: string;
  methods: readonly ExploreMethodInfo[];
  mayRun: boolean;
  onRun(step: ExploreRequest["step"], method: ExploreRequest["method"], count: number | null): void;
}

function StepRow({ step, label, test, methods, mayRun, onRun }: StepProps) {
  const own = methods.filter((one) => one.step === step);
  const [chosen, setChosen] = useState<string | null>(null);
  const [count, setCount] = useState<number | string>("");
  const method = own.find(({ name }) => name === chosen) ?? own[0];
  const hasCount = step === "cluster" && method?.name !== "hdbscan";
  return (
    <Group gap={6} wrap="nowrap">
      <Select
        flex={1}
        aria-label={`${label}: method`}
        data={own.map(({ name, title, available }) => ({
          value: name,
          label: available ? title : `${title} (not installed)`,
          disabled: !available,
        }))}
        value={method?.name ?? null}
        onChange={setChosen}
        allowDeselect={false}
        data-testid={`${test}-method`}
      />
      {hasCount ? (
        <NumberInput
          w={72}
          aria-label="Number of clusters; empty: found by itself"
          placeholder="auto"
          min={2}
          max={50}
          allowDecimal={false}
          value={count}
          onChange={setCount}
          data-testid="cluster-count"
        />
      ) : null}
      <Button
        w={82}
        px={4}
        variant="default"
        disabled={!mayRun || !method?.available}
        onClick={() =>
          method && onRun(step, method.name, hasCount && typeof count === "number" ? count : null)
        }
        data-testid={`${test}-run`}
      >
        {label}
      </Button>
    </Group>
  );
}

function Running({ job }: { job: Job }) {
  const cancel = useCancelJob();
  return (
    <Stack gap={4} data-testid="explore-running">
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" className="ellipsis" title={job.title}>
          {job.message || job.title}
        </Text>
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() => cancel.mutate(job)}
          data-testid="explore-cancel"
        >
          Cancel
        </Button>
      </Group>
      <Progress value={Math.max(4, 100 * job.progress)} aria-label={job.title} animated />
    </Stack>
  );
}
