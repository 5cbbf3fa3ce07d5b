/** Before and after on what was held out; the model is kept, or not. */
import { Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { methodsQuery } from "../../api/jobs";
import { modelKeys } from "../../api/models";
import { keepModel, takeBackModel, tuningKeys, tuningPictureUrl } from "../../api/tuning";
import type { TuningResult, TuningScores } from "../../api/types";
import { setWorkspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { LossCurve } from "./LossCurve";

const COLOURS = [
  ["#ffffff", "found"],
  ["#00c846", "missed"],
  ["#e61e1e", "extra"],
  ["#ffd700", "split"],
  ["#3c82ff", "merged"],
] as const;

export function Result({ result, mayManage }: { result: TuningResult; mayManage: boolean }) {
  const { before, after } = result;
  return (
    <Stack gap="sm" data-testid="tuning-result">
      <Text size="sm">{summaryOf(result)}</Text>
      {before && after ? <Scores before={before} after={after} /> : null}
      {result.pictures.length > 0 ? <Pictures result={result} /> : null}
      <LossCurve points={result.curve} />
      {mayManage ? <Keeping result={result} /> : null}
    </Stack>
  );
}

function summaryOf({ start, rounds, pictures_learnt, held_out, before, after }: TuningResult): string {
  const last = rounds[rounds.length - 1];
  const learnt = `${start} learnt from ${plural(last?.annotated ?? 0, "outline")} on ${plural(pictures_learnt, "picture")}`;
  const added =
    last && last.added > 0 ? `, and from ${plural(last.added, "object")} that it found itself` : "";
  if (!before || !after)
    return `${learnt}${added}. Nothing was held out, so there is no comparison with before.`;
  const gain = after.dsb - before.dsb;
  const word = Math.abs(gain) < 0.005 ? "did not change" : gain > 0 ? "rose" : "fell";
  return `${learnt}${added}. On ${plural(held_out, "held-out picture")} its score ${word}.`;
}

const ROWS: readonly [keyof TuningScores, string, number][] = [
  ["dsb", "DSB score (mean precision over IoU 0.5 to 0.95)", 3],
  ["f1", "F1 (IoU 0.5)", 3],
  ["dice", "Dice of the foreground", 3],
  ["missed", "Objects missed", 0],
  ["extra", "Objects too many", 0],
  ["split", "Objects split", 0],
  ["merged", "Objects merged", 0],
];

function Scores({ before, after }: { before: TuningScores; after: TuningScores }) {
  return (
    <Table className="tuning-scores" data-testid="tuning-scores">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>On what was held out</Table.Th>
          <Table.Th>Before</Table.Th>
          <Table.Th>After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {ROWS.map(([key, label, digits]) => (
          <Table.Tr key={key} data-score={key}>
            <Table.Th scope="row">{label}</Table.Th>
            <Table.Td className="numbers">{before[key].toFixed(digits)}</Table.Td>
            <Table.Td className="numbers">{after[key].toFixed(digits)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Pictures({ result }: { result: TuningResult }) {
  return (
    <>
      <ul className="tuning-legend">
        {COLOURS.map(([colour, label]) => (
          <li key={label}>
            <span style={{ background: colour }} aria-hidden /> {label}
          </li>
        ))}
        {result.unmarked === "unknown" ? <li>darkened: not annotated, so it does not count</li> : null}
      </ul>
      <div className="tuning-pictures">
        {result.pictures.map((one, at) => (
          <figure key={one.name} data-testid="tuning-picture">
            {(["before", "after"] as const).map((which) => (
              <div key={which}>
                <img
                  src={tuningPictureUrl(result.job_id, at + 1, which)}
                  alt={`Errors ${which} the training on ${one.name}`}
                />
                <Text size="xs" className="numbers">
                  {which === "before" ? "Before" : "After"}: {one[which].toFixed(3)}
                </Text>
              </div>
            ))}
          </figure>
        ))}
      </div>
    </>
  );
}

function Keeping({ result }: { result: TuningResult }) {
  const client = useQueryClient();
  const [name, setName] = useState(result.name);
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: tuningKeys.result(result.job_id) }),
      client.invalidateQueries({ queryKey: methodsQuery.queryKey }),
      client.invalidateQueries({ queryKey: modelKeys.all }),
    ]);
  const keep = useMutation({ mutationFn: () => keepModel(result.job_id, name), onSuccess: refresh });
  const back = useMutation({ mutationFn: () => takeBackModel(result.job_id), onSuccess: refresh });
  const error = keep.error ?? back.error;
  return (
    <Stack gap={6}>
      {error ? (
        <Text size="sm" c="red" role="alert">
          {messageFrom(error)}
        </Text>
      ) : null}
      {result.kept_as ? (
        <Group justify="space-between" data-testid="tuning-kept">
          <Text size="sm">
            Kept as <b>{result.kept_as}</b>: it is among the methods now.
          </Text>
          <Group gap={6}>
            <Button
              variant="default"
              onClick={() => back.mutate()}
              loading={back.isPending}
              data-testid="tuning-back"
            >
              Take it back
            </Button>
            <Button
              onClick={() => setWorkspace({ tuning: null, tab: "segment", method: result.kept_as })}
              data-testid="tuning-use"
            >
              Use it
            </Button>
          </Group>
        </Group>
      ) : (
        <Group justify="flex-end" align="flex-end">
          <TextInput
            label="Keep it as"
            value={name}
            maxLength={60}
            onChange={(event) => setName(event.currentTarget.value)}
            data-testid="tuning-keep-name"
          />
          <Button
            onClick={() => keep.mutate()}
            loading={keep.isPending}
            disabled={name === ""}
            data-testid="tuning-keep"
          >
            Keep the new model
          </Button>
        </Group>
      )}
    </Stack>
  );
}
