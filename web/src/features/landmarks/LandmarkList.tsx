/** The landmarks of this plane: which are placed, which are only suggested and how sure, which are missing. */
import { Badge, Table, UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Chip } from "../../ui/parts";
import { type LandmarkLine, percent } from "./rows";

interface Props {
  lines: readonly LandmarkLine[];
  activeId: number | null;
  selectedId: number | null;
  lowConfidence: number;
  mayDraw: boolean;
  onPlace(termId: number): void;
  onLook(annotationId: number): void;
}

export function LandmarkList(props: Props) {
  return (
    <Table className="landmark-rows tabular" data-testid="landmark-list">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Landmark</Table.Th>
          <Table.Th>here</Table.Th>
          <Table.Th ta="right">images</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.lines.map((line) => (
          <Line key={line.term.id} line={line} {...props} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Line({
  line: { term, point, placed },
  activeId,
  selectedId,
  lowConfidence,
  mayDraw,
  onPlace,
  onLook,
}: Props & { line: LandmarkLine }) {
  const isShown = point !== undefined && point.annotation_id === selectedId;
  return (
    <Table.Tr
      data-testid="landmark-row"
      data-state={point?.state ?? "missing"}
      data-active={term.id === activeId || isShown}
    >
      <Table.Td>
        <UnstyledButton
          className="landmark-name"
          disabled={!mayDraw && !point}
          aria-pressed={term.id === activeId || isShown}
          title={point ? `Show ${term.name}; drag it on the picture` : `Place ${term.name} by a click`}
          onClick={() => (point ? onLook(point.annotation_id) : onPlace(term.id))}
          data-testid="landmark-name"
        >
          <Chip color={term.color} />
          <span className="ellipsis">{term.name}</span>
        </UnstyledButton>
      </Table.Td>
      <Table.Td>
        <Here point={point} lowConfidence={lowConfidence} />
      </Table.Td>
      <Table.Td ta="right">{placed.toLocaleString("en-US")}</Table.Td>
    </Table.Tr>
  );
}

function Here({ point, lowConfidence }: { point: LandmarkLine["point"]; lowConfidence: number }) {
  if (!point) return <span className="landmark-missing">missing</span>;
  if (point.count > 1)
    return (
      <Badge size="xs" color="red" variant="light" data-testid="landmark-twice">
        {point.count} points
      </Badge>
    );
  if (point.state === "placed")
    return (
      <span className="landmark-placed">
        <IconCheck size={13} aria-hidden /> placed
      </span>
    );
  const confidence = point.confidence ?? 0;
  const isLow = confidence < lowConfidence;
  return (
    <Badge
      size="xs"
      tt="none"
      variant="light"
      color={isLow ? "orange" : "gray"}
      data-testid="landmark-suggested"
      data-low={isLow}
      title="Share of the votes that agree on this place"
    >
      {percent(confidence)} sure{isLow ? ", low" : ""}
    </Badge>
  );
}
