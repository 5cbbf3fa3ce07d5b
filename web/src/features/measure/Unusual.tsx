/** The most unusual objects as pictures; a click goes to one, in this image or another. */
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { columnsQuery } from "../../api/measurements";
import { cropUrl } from "../../api/objects";
import type { ColumnData, Layer, Scope, Term } from "../../api/types";
import { markAll, useListing } from "../../state/listing";
import { number } from "../../ui/format";
import { goToObject } from "./going";

interface Props {
  projectId: string;
  layer: Layer;
  terms: readonly Term[];
  scope: Scope;
}

const PAGE = 12;
const MOST = 120;
const CROP_PX = 96;

/** Places of the objects with the largest values, the largest first. */
export function largest(data: ColumnData, key: string, most: number): number[] {
  const values = data.columns[key] ?? [];
  return values
    .flatMap((value, at) => (typeof value === "number" && Number.isFinite(value) ? [at] : []))
    .toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0))
    .slice(0, most);
}

export function Unusual({ projectId, layer, terms, scope }: Props) {
  const [shown, setShown] = useState(PAGE);
  const { data } = useQuery(columnsQuery(layer.id, ["outlier"], scope));
  const marked = useListing((s) => (s.layerId === layer.id ? s.marks.ids : null));
  const order = useMemo(() => (data ? largest(data, "outlier", MOST) : []), [data]);
  if (!data || order.length === 0) return null;
  const found = order.slice(0, shown).flatMap((at) => {
    const place = data.images[data.image_index[at] ?? 0];
    const id = data.ids[at] ?? 0;
    const name = terms.find((one) => one.id === data.term_ids[at])?.name ?? "no class";
    const where = scope === "project" && place ? `, ${place.name}` : "";
    return place
      ? [{ id, place, score: data.columns.outlier?.[at], words: `Object ${id}, ${name}${where}` }]
      : [];
  });
  const here = found.filter(({ place }) => place.layer_id === layer.id).map(({ id }) => id);
  return (
    <div data-testid="unusual">
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="xs" fw={600}>
          The most unusual
        </Text>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={here.length === 0}
          onClick={() => void markAll(layer.id, here)}
          data-testid="unusual-mark"
        >
          {here.length < found.length ? `Mark the ${here.length} of this image` : "Mark these"}
        </Button>
      </Group>
      <div className="unusual-list">
        {found.map(({ id, place, score, words }) => (
          <button
            key={id}
            type="button"
            aria-pressed={marked?.has(id) ?? false}
            aria-label={`${words}, ${number(score, 2)}`}
            title={words}
            onClick={() => goToObject(projectId, place, id)}
            data-testid="unusual-object"
            data-object-id={id}
          >
            <img
              src={cropUrl(place.layer_id, id, layer.generation, CROP_PX)}
              alt=""
              loading="lazy"
              decoding="async"
            />
            <span className="numbers">{number(score, 2)}</span>
          </button>
        ))}
      </div>
      {shown < order.length ? (
        <Button variant="subtle" size="compact-xs" mt={4} onClick={() => setShown(shown + PAGE)}>
          Show more
        </Button>
      ) : null}
    </div>
  );
}
