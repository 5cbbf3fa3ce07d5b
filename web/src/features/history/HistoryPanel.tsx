/** What was done on the image, by whom, and back to an earlier state of one's own work. */
import { Badge, Button, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changesQuery } from "../../api/history";
import type { HistoryEntry } from "../../api/types";
import { undoDownTo } from "../../state/traveling";
import { workspace } from "../../state/workspace";
import { moment, plural } from "../../ui/format";
import { PanelEmpty } from "../../ui/parts";
import "./history.css";

interface Props {
  imageId: string;
  mayUndo: boolean;
}

export function HistoryPanel({ imageId, mayUndo }: Props) {
  const { data, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    changesQuery(imageId),
  );
  const [isBusy, setBusy] = useState(false);
  const entries = data?.pages.flat() ?? [];
  if (isPending) return null;
  if (entries.length === 0) {
    return (
      <PanelEmpty testId="history-empty">
        Nothing was changed on this image yet. Draw an object, or let a method find some under "Segment".
      </PanelEmpty>
    );
  }
  const back = async (id: number) => {
    const { editor } = workspace();
    if (!editor || isBusy) return;
    setBusy(true);
    await undoDownTo({ editor }, id);
    setBusy(false);
  };
  return (
    <section className="history" aria-label="History of the image" data-testid="history">
      <ol className="history-list">
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} isBusy={isBusy} onUndo={mayUndo ? back : null} />
        ))}
      </ol>
      {hasNextPage ? (
        <Button
          variant="default"
          m="sm"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
          data-testid="history-older"
        >
          Show older changes
        </Button>
      ) : null}
    </section>
  );
}

interface RowProps {
  entry: HistoryEntry;
  isBusy: boolean;
  onUndo: ((id: number) => void) | null;
}

function Row({ entry, isBusy, onUndo }: RowProps) {
  const { id, at, who, label, layer, objects, state, own, undoable } = entry;
  return (
    <li
      className="history-row"
      data-testid="history-row"
      data-change-id={id}
      data-state={state}
      data-own={own}
      data-undoable={undoable}
    >
      <div className="history-what">
        <Text size="xs" fw={500} td={state === "undone" ? "line-through" : "none"}>
          {label}
        </Text>
        <Text size="xs" c="var(--text-dim)">
          {own ? "You" : who}, {moment(at)} · {plural(objects, "object")} · {layer ?? "a deleted layer"}
        </Text>
      </div>
      {state === "undone" ? (
        <Badge variant="default" size="xs" tt="none">
          undone
        </Badge>
      ) : null}
      {undoable && onUndo ? (
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconArrowBackUp size={13} aria-hidden />}
          title="Undo this change of yours, and what you changed after it"
          aria-label={`Undo to here: ${label}, ${moment(at)}`}
          disabled={isBusy}
          onClick={() => onUndo(id)}
          data-testid="history-undo"
        >
          Undo to here
        </Button>
      ) : null}
    </li>
  );
}
