/** What every row of a comparison found, as pictures to choose from. */
import { Button, Group, Progress, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { comparisonQuery, pictureUrl, preprocessingQuery, savePipeline } from "../../api/comparisons";
import { messageFrom } from "../../api/http";
import { methodsQuery } from "../../api/jobs";
import type { ComparisonRow } from "../../api/types";
import { setWorkspace } from "../../state/workspace";
import "./compare.css";

/** Opens the Segment panel with a method. */
const choose = (method: string): void => setWorkspace({ comparison: null, tab: "segment", method });

export function ContactSheet({ jobId }: { jobId: string }) {
  const comparison = useQuery(comparisonQuery(jobId));
  const rows = comparison.data?.rows ?? [];
  const done = rows.filter(({ state }) => state !== "waiting").length;
  if (comparison.isError) {
    return (
      <Text size="sm" c="red" role="alert">
        {messageFrom(comparison.error)}
      </Text>
    );
  }
  return (
    <Stack gap="sm">
      {done < rows.length ? (
        <Progress value={(100 * done) / rows.length} animated aria-label="Rows that are done" />
      ) : null}
      <Group justify="space-between">
        <Text size="sm" c="var(--text-dim)" data-testid="compare-progress">
          {done} of {rows.length} done
        </Text>
        <Button variant="default" size="xs" onClick={() => setWorkspace({ comparison: "new" })}>
          Compare others
        </Button>
      </Group>
      <div className="contact-sheet">
        {rows.map((row) => (
          <Card key={row.row} jobId={jobId} row={row} />
        ))}
      </div>
    </Stack>
  );
}

function Card({ jobId, row }: { jobId: string; row: ComparisonRow }) {
  const [isNaming, setNaming] = useState(false);
  const { data: preprocessing } = useQuery(preprocessingQuery);
  const steps = preprocessing?.find(({ name }) => name === row.steps_name)?.title ?? row.steps_name;
  const isPlain = row.steps_name === "none";
  return (
    <figure className="contact-card" data-testid="compare-row" data-row={row.row} data-state={row.state}>
      {row.state === "done" ? (
        <img src={pictureUrl(jobId, row.row)} alt={`Outlines found by ${row.method_title}, ${steps}`} />
      ) : (
        <div className="contact-blank">{row.state === "failed" ? row.error : "Waiting"}</div>
      )}
      <figcaption>
        <Text size="sm" fw={600}>
          {row.method_title}
        </Text>
        <Text size="xs" c="var(--text-dim)">
          {steps}
        </Text>
        <Text size="xs" className="numbers">
          {numbersOf(row)}
        </Text>
        {row.state === "done" && !isNaming ? (
          <Button
            size="xs"
            mt={6}
            variant="default"
            onClick={() => (isPlain ? choose(row.method) : setNaming(true))}
            data-testid="compare-use"
          >
            Use this
          </Button>
        ) : null}
        {isNaming ? (
          <Naming jobId={jobId} row={row} title={`${row.method_title}, ${steps}`.slice(0, 100)} />
        ) : null}
      </figcaption>
    </figure>
  );
}

function numbersOf({ objects, median_diameter_px, seconds }: ComparisonRow): string {
  if (objects === null) return "";
  const size = median_diameter_px === null ? "" : ` · ${median_diameter_px.toFixed(1)} px`;
  const time = seconds === null ? "" : ` · ${seconds.toFixed(2)} s`;
  return `${objects} ${objects === 1 ? "object" : "objects"}${size}${time}`;
}

/** A row with preprocessing is saved as a pipeline first. */
function Naming({ jobId, row, title }: { jobId: string; row: ComparisonRow; title: string }) {
  const client = useQueryClient();
  const [name, setName] = useState(`${row.method}-${row.steps_name.replaceAll("+", "-")}`.slice(0, 64));
  const save = useMutation({
    mutationFn: () =>
      savePipeline(jobId, row.row, { name, title: name === "" ? title : `${title} (${name})`.slice(0, 100) }),
    onSuccess: async (method) => {
      await client.invalidateQueries({ queryKey: methodsQuery.queryKey });
      choose(method.name);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        mt={6}
        size="xs"
        label="Save as"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={save.isError ? messageFrom(save.error) : null}
        data-testid="compare-name"
      />
      <Button
        size="xs"
        mt={6}
        type="submit"
        loading={save.isPending}
        disabled={name === ""}
        data-testid="compare-save"
      >
        Save and use
      </Button>
    </form>
  );
}
