/** The most unusual objects as pictures; a click goes to one. */
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { indexQuery, objectsQuery } from "../../api/measurements";
import { cropUrl } from "../../api/objects";
import type { Layer, Term } from "../../api/types";
import { markAll, useListing } from "../../state/listing";
import { workspace } from "../../state/workspace";
import { number } from "../../ui/format";
import "./measure.css";

const PAGE = 12;
const MOST = 96;
const CROP_PX = 96;
const FILTER = { sort: "outlier", order: "desc", where: {} } as const;

export function Unusual({ layer, terms }: { layer: Layer; terms: readonly Term[] }) {
  const [shown, setShown] = useState(PAGE);
  const index = useQuery(indexQuery(layer.id, FILTER)).data;
  const table = useQuery(objectsQuery(layer.id, FILTER, 0, MOST)).data;
  const marked = useListing((s) => (s.layerId === layer.id ? s.marks.ids : null));
  const place = table?.columns.findIndex(({ key }) => key === "outlier") ?? -1;
  if (!index || !table || place < 0) return null;
  const found = index.ids.slice(0, Math.min(shown, table.rows.length)).map((id, at) => ({
    id,
    version: index.versions[at] ?? 0,
    name: terms.find((one) => one.id === index.term_ids[at])?.name ?? "no class",
    score: table.rows[at]?.[place] as number | null,
  }));
  const known = found.filter(({ score }) => score !== null);
  return (
    <div data-testid="unusual">
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="xs" fw={600}>
          Most unusual of this image
        </Text>
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() =>
            void markAll(
              layer.id,
              known.map(({ id }) => id),
            )
          }
          data-testid="unusual-mark"
        >
          Mark these
        </Button>
      </Group>
      <div className="unusual-list">
        {known.map(({ id, version, name, score }) => (
          <button
            key={id}
            type="button"
            aria-pressed={marked?.has(id) ?? false}
            aria-label={`Object ${id}, ${name}, ${number(score, 2)}`}
            title={`Object ${id}, ${name}`}
            onClick={() => void workspace().editor?.selectId(id, "replace", true)}
            data-testid="unusual-object"
            data-object-id={id}
          >
            <img src={cropUrl(layer.id, id, version, CROP_PX)} alt="" loading="lazy" decoding="async" />
            <span className="numbers">{number(score, 2)}</span>
          </button>
        ))}
      </div>
      {shown < Math.min(MOST, table.rows.length) ? (
        <Button variant="subtle" size="compact-xs" mt={4} onClick={() => setShown(shown + PAGE)}>
          Show more
        </Button>
      ) : null}
    </div>
  );
}
