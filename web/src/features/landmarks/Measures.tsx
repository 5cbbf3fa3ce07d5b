/** Distances and angles between landmarks: which are measured, the table over images, and its files. */
import { Button, Group, SegmentedControl, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/download";
import { landmarkTableQuery, measuresFile } from "../../api/landmarks";
import type { LandmarkMeasure, LandmarkRow, Term } from "../../api/types";
import { IconButton } from "../../ui/parts";
import { imagePath, navigate } from "../../ui/router";
import { measureOf } from "./rows";

interface Props {
  projectId: string;
  generation: string;
  terms: readonly Term[];
  measures: readonly LandmarkMeasure[];
  mayManage: boolean;
  isBusy: boolean;
  onChange(measures: LandmarkMeasure[]): void;
}

export function Measures({ projectId, generation, terms, measures, mayManage, isBusy, onChange }: Props) {
  return (
    <Stack gap={6} data-testid="landmark-measures" data-count={measures.length}>
      <div className="section-title landmark-title">Distances and angles</div>
      {measures.map((one, at) => (
        <Group
          // biome-ignore lint/suspicious/noArrayIndexKey: two measures may be alike
          key={`${at} ${one.name}`}
          gap={4}
          wrap="nowrap"
          justify="space-between"
          data-testid="landmark-measure"
        >
          <Text size="xs" className="ellipsis" title={one.name}>
            {one.term_ids.length === 3 ? "∠ " : "↔ "}
            {one.name}
          </Text>
          {mayManage ? (
            <IconButton
              label={`Do not measure ${one.name}`}
              testId="landmark-measure-remove"
              size="sm"
              onClick={() => onChange(measures.filter((_, place) => place !== at))}
            >
              <IconX size={14} aria-hidden />
            </IconButton>
          ) : null}
        </Group>
      ))}
      {mayManage && terms.length >= 2 ? (
        <AddMeasure terms={terms} isBusy={isBusy} onAdd={(one) => onChange([...measures, one])} />
      ) : null}
      {measures.length > 0 ? <Results projectId={projectId} generation={generation} /> : null}
    </Stack>
  );
}

interface AddProps {
  terms: readonly Term[];
  isBusy: boolean;
  onAdd(measure: LandmarkMeasure): void;
}

const PLACES = { distance: ["From", "to"], angle: ["Between", "at", "and"] } as const;

function AddMeasure({ terms, isBusy, onAdd }: AddProps) {
  const [kind, setKind] = useState<"distance" | "angle">("distance");
  const [chosen, setChosen] = useState<(number | null)[]>([null, null]);
  const measure = measureOf(chosen);
  const take = (value: string) => {
    const next = value === "angle" ? "angle" : "distance";
    setKind(next);
    setChosen(PLACES[next].map(() => null));
  };
  return (
    <Stack gap={6}>
      <SegmentedControl
        size="xs"
        data={[
          { value: "distance", label: "Distance" },
          { value: "angle", label: "Angle" },
        ]}
        value={kind}
        onChange={take}
        data-testid="landmark-measure-kind"
      />
      <Group grow gap={4} align="flex-end" wrap="nowrap">
        {PLACES[kind].map((label, at) => (
          <Select
            key={label}
            label={label}
            allowDeselect={false}
            data={terms.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={chosen[at] ? String(chosen[at]) : null}
            onChange={(value) => setChosen(chosen.with(at, value === null ? null : Number(value)))}
            data-testid={`landmark-measure-${at}`}
          />
        ))}
      </Group>
      <Button
        variant="default"
        disabled={measure === null || isBusy}
        onClick={() => {
          if (measure) onAdd(measure);
          setChosen(PLACES[kind].map(() => null));
        }}
        data-testid="landmark-measure-add"
      >
        {kind === "distance" ? "Measure this distance" : "Measure this angle"}
      </Button>
    </Stack>
  );
}

const STATES: Record<LandmarkRow["state"], string> = {
  placed: "",
  suggested: "with suggestions",
  incomplete: "incomplete",
};

function Results({ projectId, generation }: { projectId: string; generation: string }) {
  const { data: table } = useQuery(landmarkTableQuery(projectId, generation));
  const save = useMutation({
    mutationFn: (ending: "csv" | "parquet") => download(measuresFile(projectId, ending)),
  });
  if (!table) return null;
  if (table.rows.length === 0)
    return (
      <Text size="xs" c="var(--text-dim)">
        No image has landmarks yet.
      </Text>
    );
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keys too */}
      <section className="landmark-table" tabIndex={0} aria-label="Distances and angles of all images">
        <Table className="landmark-rows tabular" data-testid="landmark-table" data-rows={table.rows.length}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Image</Table.Th>
              {table.columns.map((name) => (
                <Table.Th key={name} ta="right">
                  {name.replace("[um]", "[µm]").replace("[deg]", "[°]")}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {table.rows.map((row) => (
              <Table.Tr key={`${row.image_id} ${row.z} ${row.t}`} data-state={row.state}>
                <Table.Td>
                  <Button
                    variant="subtle"
                    size="compact-xs"
                    onClick={() => navigate(imagePath(projectId, row.image_id))}
                  >
                    {row.image_name}
                    {row.z + row.t > 0 ? ` z ${row.z} t ${row.t}` : ""}
                  </Button>
                  <span className="landmark-state">{STATES[row.state]}</span>
                </Table.Td>
                {row.values.map((value, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns keep their order
                  <Table.Td key={at} ta="right">
                    {value === null ? "–" : value.toFixed(1)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
      <Group gap={6}>
        {(["csv", "parquet"] as const).map((ending) => (
          <Button
            key={ending}
            variant="default"
            px={8}
            leftSection={<IconDownload size={12} />}
            onClick={() => save.mutate(ending)}
            data-testid={`landmark-${ending}`}
          >
            {ending === "csv" ? "CSV" : "Parquet"}
          </Button>
        ))}
      </Group>
    </>
  );
}
