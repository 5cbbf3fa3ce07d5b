/** The classes with their scribbles; one click takes the brush of a class. */
import { Kbd, Table, UnstyledButton } from "@mantine/core";
import { Chip } from "../../ui/parts";
import type { ScribbleRow } from "./counts";

interface Props {
  rows: readonly ScribbleRow[];
  activeId: number | null;
  mayDraw: boolean;
  onDraw(termId: number): void;
}

export function ScribbleTable({ rows, activeId, mayDraw, onDraw }: Props) {
  return (
    <Table className="pixel-rows tabular" data-testid="scribble-counts">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Scribbles</Table.Th>
          <Table.Th ta="right">here</Table.Th>
          <Table.Th ta="right">in all</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ term, here, everywhere }) => (
          <Table.Tr key={term.id} data-testid="scribble-row" data-active={term.id === activeId}>
            <Table.Td>
              <UnstyledButton
                className="pixel-class"
                disabled={!mayDraw}
                aria-pressed={term.id === activeId}
                title={`Scribble ${term.name} with the brush`}
                onClick={() => onDraw(term.id)}
                data-testid="scribble-class"
              >
                <Chip color={term.color} />
                <span className="ellipsis">{term.name}</span>
                {term.hotkey ? <Kbd size="xs">{term.hotkey}</Kbd> : null}
              </UnstyledButton>
            </Table.Td>
            <Table.Td ta="right">{here.toLocaleString("en-US")}</Table.Td>
            <Table.Td ta="right">{everywhere.toLocaleString("en-US")}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
