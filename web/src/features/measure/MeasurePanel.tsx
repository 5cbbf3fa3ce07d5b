/** Measurements of a layer: run, plots, structure, statistics, files. */
import { Alert, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { EVERYTHING, objectsQuery, summaryQuery } from "../../api/measurements";
import { ontologyQuery } from "../../api/projects";
import type { Layer, Term } from "../../api/types";
import { plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import { GroupStatistics } from "./GroupStatistics";
import { MeasureRun } from "./MeasureRun";
import { Plots } from "./PlotView";
import { Structure } from "./Structure";
import { plottable, setPlotting, usePlotting } from "./settings";
import "./measure.css";

/** What can be done with the objects that are marked. */
export type Actions = (layer: Layer, terms: readonly Term[]) => ReactNode;

interface PanelProps {
  projectId: string;
  layer: Layer | null;
  mayRun: boolean;
  mayManage: boolean;
  /** How many images the project has. */
  imageCount: number;
  actions: Actions;
}

export function MeasurePanel({ layer, ...rest }: PanelProps) {
  if (!layer)
    return (
      <PanelEmpty testId="measure-empty">
        There is nothing to measure yet. Draw or segment objects first.
      </PanelEmpty>
    );
  return (
    <Stack gap="sm" className="panel" data-testid="measure-panel">
      <MeasureRun projectId={rest.projectId} layer={layer} mayRun={rest.mayRun} />
      {layer.measured_at ? <Results key={layer.id} layer={layer} {...rest} /> : null}
    </Stack>
  );
}

type ResultsProps = Omit<PanelProps, "layer"> & { layer: Layer };

function Results({ projectId, layer, mayRun, mayManage, imageCount, actions }: ResultsProps) {
  const scope = usePlotting((s) => s.scope);
  const summary = useQuery(summaryQuery(layer.id));
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const table = useQuery(objectsQuery(layer.id, EVERYTHING, 0, 1));
  const columns = plottable(summary.data?.columns ?? []);
  const stale = table.data?.stale_count ?? 0;
  const terms = ontology?.terms ?? [];
  const shared = { projectId, layer, columns, terms };
  return (
    <>
      {stale > 0 ? (
        <Alert color="yellow" p="xs">
          <Text size="xs">
            {plural(stale, "object")} changed since the measurement. Measure again to bring the numbers up to
            date.
          </Text>
        </Alert>
      ) : null}
      {imageCount > 1 ? (
        <SegmentedControl
          fullWidth
          aria-label="Whose objects are shown"
          data={[
            { value: "image", label: "This image" },
            { value: "project", label: "All images" },
          ]}
          value={scope}
          onChange={(value) => setPlotting({ scope: value as typeof scope })}
          data-testid="explore-scope"
        />
      ) : null}
      {columns.length > 0 ? (
        <>
          <Plots {...shared}>{actions(layer, terms)}</Plots>
          <Structure {...shared} notes={summary.data?.notes ?? []} mayRun={mayRun} mayManage={mayManage} />
          <GroupStatistics layer={layer} columns={columns} terms={terms} />
        </>
      ) : null}
    </>
  );
}
