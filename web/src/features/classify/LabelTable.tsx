/** How many objects of each class have it from a person. */
import { Kbd, Table } from "@mantine/core";
import type { Term } from "../../api/types";
import { Chip } from "../../ui/parts";
import type { ClassRow } from "./counts";

export function LabelTable({ rows, terms }: { rows: readonly ClassRow[]; terms: readonly Term[] }) {
  return (
    <Table className="classify-labels tabular" data-testid="label-counts">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Labels</Table.Th>
          <Table.Th ta="right">here</Table.Th>
          <Table.Th ta="right">in all</Table.Th>
          <Table.Th ta="right">suggested here</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ termId, here, everywhere, suggestedHere }) => {
          const term = terms.find(({ id }) => id === termId);
          return (
            <Table.Tr key={termId} data-testid="label-row" data-term-id={termId}>
              <Table.Td>
                <span className="classify-class">
                  <Chip color={term?.color ?? "transparent"} />
                  <span className="ellipsis" title={term?.name}>
                    {term?.name}
                  </span>
                  {term?.hotkey ? <Kbd size="xs">{term.hotkey}</Kbd> : null}
                </span>
              </Table.Td>
              <Table.Td ta="right">{here.toLocaleString("en-US")}</Table.Td>
              <Table.Td ta="right">{everywhere.toLocaleString("en-US")}</Table.Td>
              <Table.Td ta="right">{suggestedHere.toLocaleString("en-US")}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
