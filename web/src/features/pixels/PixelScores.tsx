/** What a version scores on what was held out. */
import { Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { pixelClassifierQuery } from "../../api/pixels";

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value.toFixed(2);

export function PixelScores({ projectId, version }: { projectId: string; version: number }) {
  const { data } = useQuery(pixelClassifierQuery(projectId, version));
  if (!data) return null;
  if (!data.scores) return <Text size="xs">Nothing is known of the scores of this classifier.</Text>;
  return (
    <Stack gap={4} data-testid="pixel-scores" data-version={version}>
      <Text size="xs" className="tabular">
        Held out: accuracy {shown(data.scores.accuracy)} · macro F1 {shown(data.scores.macro_f1)} ·{" "}
        {data.scores.objects.toLocaleString("en-US")} pixels
      </Text>
      {data.split === "pixel" ? (
        <Text size="xs" c="var(--text-dim)" data-testid="pixel-caution">
          Held-out pixels are of scribbles it has seen, which flatters. Draw 2 scribbles or more of each
          class.
        </Text>
      ) : null}
      <Table className="pixel-rows tabular">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Class</Table.Th>
            <Table.Th ta="right">pixels</Table.Th>
            <Table.Th ta="right">precision</Table.Th>
            <Table.Th ta="right">recall</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.classes.map(({ name }, at) => {
            const one = data.scores?.classes[at];
            return (
              <Table.Tr key={name}>
                <Table.Td className="ellipsis">{name}</Table.Td>
                <Table.Td ta="right">{(one?.support ?? 0).toLocaleString("en-US")}</Table.Td>
                <Table.Td ta="right">{shown(one?.precision)}</Table.Td>
                <Table.Td ta="right">{shown(one?.recall)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
