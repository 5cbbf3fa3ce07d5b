/** Scores by image type. */
import { Table } from "@mantine/core";
import type { Model } from "../../api/types";

export function ScoreTable({ scores }: { scores: Model["scores"] }) {
  if (scores.length === 0) return null;
  return (
    <Table fz="xs" mt="xs" verticalSpacing={2} className="numbers" data-testid="model-scores">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Held-out images</Table.Th>
          <Table.Th ta="right">number</Table.Th>
          <Table.Th ta="right">DSB score</Table.Th>
          <Table.Th ta="right">F1</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {scores.map(({ images, count, dsb, f1 }) => (
          <Table.Tr key={images}>
            <Table.Td>{images}</Table.Td>
            <Table.Td ta="right">{count}</Table.Td>
            <Table.Td ta="right">{dsb.toFixed(3)}</Table.Td>
            <Table.Td ta="right">{f1.toFixed(3)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
