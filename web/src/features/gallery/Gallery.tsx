/** The objects of a layer as small pictures, class by class: to compare, to mark, and to drag to another class. */
import { Group, Select, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type DragEvent, type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { indexQuery } from "../../api/measurements";
import { cropUrl } from "../../api/objects";
import { ontologyQuery } from "../../api/projects";
import { usersQuery } from "../../api/session";
import type { Layer, Term } from "../../api/types";
import { runBulk } from "../../state/bulk";
import { MOST_DRAWN, mark, setFilter, useListedFilter, useListing } from "../../state/listing";
import { modeOf } from "../../state/marking";
import { FilterBar } from "../../ui/FilterBar";
import { plural } from "../../ui/format";
import { Chip, PanelEmpty } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import "./gallery.css";
import { type GalleryRow, orderOf, type Picture, rowsOf } from "./sections";

const CELL_PX = 76;
const CROP_PX = 96;
const HEAD_PX = 30;
const SORTS = [
  { value: "id", label: "By number" },
  { value: "score", label: "By score" },
  { value: "term_score", label: "By certainty" },
  { value: "area", label: "By size" },
];

export function Gallery({ projectId, layer }: { projectId: string; layer: Layer | null }) {
  if (!layer) return <PanelEmpty testId="gallery-empty">No layer with objects is chosen yet.</PanelEmpty>;
  return <LayerGallery key={layer.id} projectId={projectId} layer={layer} />;
}

function LayerGallery({ projectId, layer }: { projectId: string; layer: Layer }) {
  const filter = useListedFilter(layer.id);
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: users } = useQuery(usersQuery);
  const { data: index } = useQuery({ ...indexQuery(layer.id, filter), placeholderData: keepPreviousData });
  const terms = ontology?.terms ?? [];
  return (
    <div className="gallery" data-testid="gallery">
      <Group gap={6} px={10} py={7} wrap="nowrap" justify="space-between">
        <Select
          w={104}
          flex="none"
          aria-label="Order of the pictures"
          data={SORTS}
          allowDeselect={false}
          value={SORTS.some(({ value }) => value === filter.sort) ? filter.sort : null}
          placeholder="Order"
          onChange={(sort) => sort && setFilter({ ...filter, sort, order: sort === "id" ? "asc" : "desc" })}
          data-testid="gallery-sort"
        />
        <FilterBar
          value={filter.where}
          terms={terms}
          authors={users?.map(({ display_name }) => display_name) ?? []}
          onChange={(where) => setFilter({ ...filter, where })}
        />
      </Group>
      <Text size="xs" px={10} pb={4} c="var(--text-dim)" data-testid="gallery-count">
        {plural(index?.ids.length ?? 0, "object")} · {layer.name}
      </Text>
      {index ? <Pictures layer={layer} terms={terms} index={index} /> : null}
    </div>
  );
}

interface PicturesProps {
  layer: Layer;
  terms: readonly Term[];
  index: Parameters<typeof rowsOf>[0];
}

function Pictures({ layer, terms, index }: PicturesProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const perRow = useColumns(scroller);
  const rows = useMemo(
    () =>
      rowsOf(
        index,
        terms.map(({ id }) => id),
        perRow,
      ),
    [index, terms, perRow],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (rows[at]?.kind === "head" ? HEAD_PX : CELL_PX),
    overscan: 6,
  });
  // rows of other heights in the same places
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when the rows are others
  useEffect(() => virtual.measure(), [rows, virtual]);
  const order = () => Promise.resolve(orderOf(rows));
  const reclassify = (termId: number | null, ids: readonly number[]) =>
    void runBulk(layer.id, { action: "set_term", term_id: termId }, ids);
  const pressed = (event: KeyboardEvent) => {
    // fewer are selected in the picture too, and the keys of the classes go there
    const { ids } = useListing.getState().marks;
    const term = terms.find(({ hotkey }) => hotkey?.toUpperCase() === event.key.toUpperCase());
    if (!term || ids.size <= MOST_DRAWN || event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    reclassify(term.id, [...ids]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the classes, for more than the picture holds
    <div ref={scroller} className="gallery-scroll" onKeyDown={pressed} data-testid="gallery-scroll">
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index: at, start }) => {
          const row = rows[at];
          return row ? (
            <div key={at} className="gallery-line" style={{ top: start }}>
              <GalleryLine
                row={row}
                layer={layer}
                terms={terms}
                onMark={(id, event) => void mark(layer.id, id, modeOf(event), order)}
                onDrop={layer.editable ? reclassify : null}
              />
            </div>
          ) : null;
        })}
      </div>
    </div>
  );
}

/** How many pictures stand side by side. */
function useColumns(scroller: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return Math.max(1, Math.floor((width - 12) / CELL_PX));
}

interface LineProps {
  row: GalleryRow;
  layer: Layer;
  terms: readonly Term[];
  onMark(id: number, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }): void;
  onDrop: ((termId: number | null, ids: readonly number[]) => void) | null;
}

const DRAGGED = "application/x-cytoloop-objects";

/** Headings and pictures of a class take what is dropped on them. */
function GalleryLine({ row, layer, terms, onMark, onDrop }: LineProps) {
  const [isOver, setIsOver] = useState(false);
  const term = terms.find(({ id }) => id === row.termId);
  const over = (event: DragEvent) => {
    if (!onDrop || !event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    setIsOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    const dragged = Number(event.dataTransfer.getData(DRAGGED));
    const { ids } = useListing.getState().marks;
    onDrop?.(row.termId, ids.has(dragged) ? [...ids] : [dragged]);
  };
  return (
    <section
      aria-label={term?.name ?? "No class"}
      className="gallery-drop"
      data-over={isOver}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      {row.kind === "head" ? (
        <h3 className="gallery-head" data-testid="gallery-class" data-term-id={row.termId ?? 0}>
          <Chip color={term?.color ?? UNCLASSIFIED} /> {term?.name ?? "No class"}
          <span className="gallery-number">{row.count.toLocaleString("en-US")}</span>
        </h3>
      ) : (
        <div className="gallery-pictures">
          {row.pictures.map((picture) => (
            <Crop key={picture.id} picture={picture} layer={layer} termId={row.termId} onMark={onMark} />
          ))}
        </div>
      )}
    </section>
  );
}

interface CropProps {
  picture: Picture;
  layer: Layer;
  termId: number | null;
  onMark: LineProps["onMark"];
}

function Crop({ picture: { id, version, isSuggested }, layer, termId, onMark }: CropProps) {
  const isMarked = useListing((s) => s.marks.ids.has(id));
  return (
    <button
      type="button"
      className="gallery-crop"
      aria-pressed={isMarked}
      aria-label={`Object ${id}${isSuggested ? ", class suggested" : ""}`}
      title={`Object ${id}${isSuggested ? ", class suggested" : ""}`}
      data-suggested={isSuggested}
      draggable={layer.editable}
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(id))}
      onClick={(event) => onMark(id, event)}
      data-testid="gallery-crop"
      data-object-id={id}
      data-term-id={termId ?? 0}
    >
      <img
        src={cropUrl(layer.id, id, version, CROP_PX)}
        alt=""
        width={CELL_PX - 8}
        height={CELL_PX - 8}
        draggable={false}
        decoding="async"
      />
    </button>
  );
}
