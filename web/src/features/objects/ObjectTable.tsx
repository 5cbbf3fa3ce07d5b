/** All objects of a layer, however many: only the rows in sight are fetched. */
import { Group, Text } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { indexQuery, type ObjectFilter, objectsQuery, rankOf } from "../../api/measurements";
import { ontologyQuery } from "../../api/projects";
import { usersQuery } from "../../api/session";
import type { Column, Layer, ObjectTable as Table, Term } from "../../api/types";
import { mark, setFilter, useListedFilter, useListing } from "../../state/listing";
import { type MarkMode, modeOf } from "../../state/marking";
import { useWorkspace } from "../../state/workspace";
import { FilterBar } from "../../ui/FilterBar";
import { decimalsFor, number, plural } from "../../ui/format";
import { Chip, PanelEmpty } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import { BulkMenu } from "./BulkMenu";
import { DetailsEditor } from "./DetailsEditor";

const WINDOW = 100;
const ROW_PX = 26;
/** Labels in one line, units below; high enough for fingers. */
const HEAD_PX = 42;

interface TableProps {
  projectId: string;
  layer: Layer | null;
  layers: readonly Layer[];
  /** What else there is to say of the selected object. */
  below?: ReactNode;
}

export function ObjectTable({ projectId, layer, layers, below }: TableProps) {
  if (!layer) {
    return (
      <PanelEmpty testId="objects-empty">
        No objects yet. Draw one with the polygon (P) or the brush (B), or let a method find them under
        "Segment".
      </PanelEmpty>
    );
  }
  return <LayerTable key={layer.id} projectId={projectId} layer={layer} layers={layers} below={below} />;
}

function LayerTable({ projectId, layer, layers, below }: TableProps & { layer: Layer }) {
  const filter = useListedFilter(layer.id);
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: users } = useQuery(usersQuery);
  const terms = ontology?.terms ?? [];
  const first = useQuery({ ...objectsQuery(layer.id, filter, 0, WINDOW), placeholderData: keepPreviousData });
  const total = first.data?.total ?? 0;
  const others = layers.filter(({ id, editable }) => editable && id !== layer.id);
  return (
    <div style={{ display: "flex", flexDirection: "column", height: "100%", minHeight: 0 }}>
      <Group gap="xs" px={10} pt={7} wrap="nowrap" justify="space-between">
        <Text size="xs" className="ellipsis" data-testid="object-count" title={layer.name}>
          {plural(total, "object")} · {layer.name}
        </Text>
        <BulkMenu layer={layer} others={others} terms={terms} total={total} />
      </Group>
      <Group gap="xs" px={10} py={5} wrap="nowrap" justify="flex-end">
        <FilterBar
          value={filter.where}
          terms={terms}
          authors={users?.map(({ display_name }) => display_name) ?? []}
          onChange={(where) => setFilter({ ...filter, where })}
        />
      </Group>
      {first.data && total === 0 ? (
        <PanelEmpty testId="objects-empty">
          {layer.count === 0 ? "This layer is empty." : "No object of this layer fits the conditions."}
        </PanelEmpty>
      ) : null}
      {first.data && total > 0 ? (
        <Rows
          layer={layer}
          filter={filter}
          total={total}
          columns={shownColumns(first.data)}
          terms={terms}
          onSort={setFilter}
        />
      ) : null}
      <DetailsEditor />
      {below}
    </div>
  );
}

interface RowsProps {
  layer: Layer;
  filter: ObjectFilter;
  total: number;
  columns: readonly ShownColumn[];
  terms: readonly Term[];
  onSort(filter: ObjectFilter): void;
}

const TERM_KEYS = new Set(["term_id", "term", "class"]);

/** What one reads first stands first; what is the same for most objects stands last. */
const FIRST = ["id", "term_id", "area", "score"];
const LAST = ["x", "y", "z", "t", "kind", "status"];

function rankOfColumn({ key }: Column): number {
  const first = FIRST.indexOf(key);
  return first === -1 ? LAST.indexOf(key) + 1 : first - FIRST.length;
}

interface ShownColumn extends Column {
  /** Its place in the rows of the server. */
  readonly at: number;
  /** Decimals of all its numbers, so that they stand one below the other. */
  readonly decimals: number;
}

const shownColumns = ({ columns, rows }: Table): ShownColumn[] =>
  columns
    .map((column, at) => ({ ...column, at, decimals: decimalsFor(rows.map((row) => row[at])) }))
    .toSorted((a, b) => rankOfColumn(a) - rankOfColumn(b));

const widthOf = (column: Column): number =>
  column.key === "id" ? 58 : TERM_KEYS.has(column.key) ? 96 : Math.max(66, 26 + 7.2 * column.label.length);

function Rows({ layer, filter, total, columns, terms, onSort }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    paddingStart: HEAD_PX,
  });
  const items = virtual.getVirtualItems();
  const rows = useWindows(layer.id, filter, items[0]?.index ?? 0, items.at(-1)?.index ?? 0);
  const { ids: selected } = useListing((s) => s.marks);
  const client = useQueryClient();
  const order = async () => (await client.fetchQuery(indexQuery(layer.id, filter))).ids;
  useScrollToSelected(layer.id, filter, (offset) => virtual.scrollToIndex(offset, { align: "center" }));
  const template = columns.map((column) => `${widthOf(column)}px`).join(" ");
  const width = columns.reduce((sum, column) => sum + widthOf(column), 0);
  return (
    <div ref={scroller} style={{ overflow: "auto", flex: 1, minHeight: 0 }} data-testid="object-table">
      <div
        style={{ height: virtual.getTotalSize(), width, minWidth: "100%", position: "relative" }}
        role="table"
        aria-rowcount={total}
      >
        <Head columns={columns} filter={filter} template={template} onSort={onSort} />
        {items.map(({ index, start }) => (
          <Row
            key={index}
            row={rows(index)}
            columns={columns}
            terms={terms}
            template={template}
            top={start}
            index={index}
            isSelected={selected.has(Number(rows(index)?.[0]))}
            onMark={(id, mode) => void mark(layer.id, id, mode, order)}
          />
        ))}
      </div>
    </div>
  );
}

/** The rows of the windows that touch what is in sight. */
function useWindows(layerId: string, filter: ObjectFilter, first: number, last: number) {
  const from = Math.floor(first / WINDOW);
  const count = Math.floor(last / WINDOW) - from + 1;
  const results = useQueries({
    queries: Array.from({ length: count }, (_, i) => ({
      ...objectsQuery(layerId, filter, (from + i) * WINDOW, WINDOW),
      placeholderData: keepPreviousData,
    })),
  });
  return (index: number): readonly unknown[] | undefined => {
    const data = results[Math.floor(index / WINDOW) - from]?.data;
    return data?.rows[index - data.offset];
  };
}

function useScrollToSelected(layerId: string, filter: ObjectFilter, scroll: (offset: number) => void): void {
  const selection = useWorkspace((s) => s.selection);
  const [only] = selection;
  const id = selection.length === 1 && only?.layer_id === layerId ? only.id : null;
  const latest = useRef(scroll);
  latest.current = scroll;
  useEffect(() => {
    if (id === null) return;
    let isCurrent = true;
    rankOf(layerId, id, filter)
      .then(({ offset }) => isCurrent && latest.current(offset))
      // an object that the filter leaves out has no row
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [layerId, id, filter]);
}

interface HeadProps {
  columns: readonly ShownColumn[];
  filter: ObjectFilter;
  template: string;
  onSort(filter: ObjectFilter): void;
}

const unitOf = ({ unit }: Column): string => unit.replace("^2", "²").replace("^3", "³").replace("um", "µm");

function Head({ columns, filter, template, onSort }: HeadProps) {
  return (
    <div className="table-head" style={{ gridTemplateColumns: template }} role="row" tabIndex={-1}>
      {columns.map((column) => {
        const isSorted = filter.sort === column.key;
        const next = isSorted && filter.order === "asc" ? "desc" : "asc";
        const Arrow = filter.order === "asc" ? IconChevronUp : IconChevronDown;
        return (
          <div
            key={column.key}
            role="columnheader"
            tabIndex={-1}
            aria-sort={isSorted ? (filter.order === "asc" ? "ascending" : "descending") : "none"}
            style={{ minWidth: 0, display: "grid" }}
          >
            <button
              type="button"
              data-text={!column.numeric}
              title={`Sort by ${column.label}${column.unit ? ` (${unitOf(column)})` : ""}`}
              onClick={() => onSort({ ...filter, sort: column.key, order: next })}
              data-testid={`sort-${column.key}`}
            >
              {isSorted ? <Arrow size={11} aria-hidden /> : null} {column.label}
              <span className="table-unit">{unitOf(column)}</span>
            </button>
          </div>
        );
      })}
    </div>
  );
}

interface RowProps {
  row: readonly unknown[] | undefined;
  columns: readonly ShownColumn[];
  terms: readonly Term[];
  template: string;
  top: number;
  index: number;
  isSelected: boolean;
  onMark(id: number, mode: MarkMode): void;
}

function Row({ row, columns, terms, template, top, index, isSelected, onMark }: RowProps) {
  const id = Number(row?.[0]);
  const choose = (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => {
    if (row) onMark(id, modeOf(event));
  };
  return (
    <div
      className="table-row"
      role="row"
      tabIndex={0}
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      data-testid="object-row"
      data-object-id={row ? id : undefined}
      style={{ gridTemplateColumns: template, top, minWidth: "100%" }}
      onClick={choose}
      onMouseDown={(e) => e.shiftKey && e.preventDefault()}
      onKeyDown={(e) => e.key === "Enter" && choose(e)}
    >
      {columns.map((column) => (
        <div key={column.key} className="table-cell" role="cell" data-text={!column.numeric}>
          {row ? <Cell column={column} value={row[column.at]} terms={terms} /> : "…"}
        </div>
      ))}
    </div>
  );
}

function Cell({ column, value, terms }: { column: ShownColumn; value: unknown; terms: readonly Term[] }) {
  const term = useMemo(
    () => terms.find(({ id, name }) => (typeof value === "number" ? id === value : name === value)),
    [terms, value],
  );
  if (TERM_KEYS.has(column.key)) {
    return (
      <span style={{ display: "inline-flex", gap: 6, alignItems: "center", verticalAlign: "middle" }}>
        <Chip color={term?.color ?? UNCLASSIFIED} /> {term?.name ?? "–"}
      </span>
    );
  }
  if (column.key === "id") return <>{String(value)}</>;
  if (typeof value === "number") return <>{number(value, column.decimals)}</>;
  return <>{value === null || value === undefined ? "–" : String(value)}</>;
}
