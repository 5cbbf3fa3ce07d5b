/** The classes of the project: which is drawn next, how many there are, which are shown. */
import { Text } from "@mantine/core";
import { IconEye, IconEyeOff, IconSettings } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { layersQuery } from "../../api/layers";
import { ontologyQuery } from "../../api/projects";
import type { Layer } from "../../api/types";
import { chooseTerm } from "../../state/commands";
import { toggleTermHidden, useWorkspace } from "../../state/workspace";
import { Chip, IconButton, PanelEmpty } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";

function countsOf(layers: readonly Layer[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { term_id, count } of layers.flatMap((layer) => layer.term_counts)) {
    counts.set(term_id ?? 0, (counts.get(term_id ?? 0) ?? 0) + count);
  }
  return counts;
}

interface Row {
  id: number;
  name: string;
  color: string;
  hotkey: string | null;
}

const NO_CLASS: Row = { id: 0, name: "Unclassified", color: UNCLASSIFIED, hotkey: null };

interface Props {
  projectId: string;
  imageId: string;
  /** Null where the user may not change classes. */
  onEdit: (() => void) | null;
}

export function ClassList({ projectId, imageId, onEdit }: Props) {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: layers } = useQuery(layersQuery(imageId));
  const counts = countsOf(layers ?? []);
  const rows: Row[] = [NO_CLASS, ...(ontology?.terms ?? [])];
  return (
    <section aria-label="Classes" data-testid="classes">
      <div className="section-title">
        Classes
        {onEdit ? (
          <IconButton label="Edit classes" onClick={onEdit} testId="edit-classes">
            <IconSettings size={15} />
          </IconButton>
        ) : null}
      </div>
      {rows.map((row) => (
        <ClassRow key={row.id} row={row} count={counts.get(row.id) ?? 0} />
      ))}
      {ontology?.terms.length === 0 ? (
        <PanelEmpty>Add classes such as "nucleus" or "tumour" to colour and count your objects.</PanelEmpty>
      ) : null}
    </section>
  );
}

function ClassRow({ row, count }: { row: Row; count: number }) {
  const isActive = useWorkspace((s) => (s.activeTermId ?? 0) === row.id);
  const isHidden = useWorkspace((s) => s.hiddenTerms.includes(row.id));
  return (
    <div className="list-row" data-active={isActive} data-testid="class-row" data-term-id={row.id}>
      <IconButton
        label={isHidden ? `Show ${row.name}` : `Hide ${row.name}`}
        pressed={!isHidden}
        testId="class-eye"
        onClick={() => toggleTermHidden(row.id)}
      >
        {isHidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
      </IconButton>
      <button
        type="button"
        className="row-button"
        aria-pressed={isActive}
        title="Sets the class of the selection, and of what is drawn next"
        onClick={() => chooseTerm(row.id === 0 ? null : row.id)}
      >
        <Chip color={row.color} />
        <Text size="xs" className="ellipsis" flex={1}>
          {row.name}
        </Text>
        {row.hotkey ? <kbd>{row.hotkey.toUpperCase()}</kbd> : null}
        <Text size="xs" className="numbers" c="var(--text-dim)" miw={22} ta="right">
          {count.toLocaleString("en-US")}
        </Text>
      </button>
    </div>
  );
}
