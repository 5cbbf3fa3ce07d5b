/** The figure as SVG or PNG for paper, and the numbers behind it. */
import { Button, Menu } from "@mantine/core";
import { IconChartDots, IconChevronDown, IconPhoto, IconTable } from "@tabler/icons-react";
import { messageFrom } from "../../api/http";
import type { ColumnData, Term } from "../../api/types";
import { tell } from "../../state/notices";
import { binned } from "./bins";
import { histogram, scatter } from "./figure/clouds";
import { distribution } from "./figure/distributions";
import { PRINT } from "./figure/frame";
import { csvText, fileName, pngBlob, saveBlob, svgBlob } from "./figure/saving";
import { el, type Mark } from "./figure/svg";
import { type Colouring, type Groups, groupsOf, MOST_GROUPS, split } from "./grouping";
import type { PlotKind } from "./settings";

interface Axis {
  readonly key: string;
  readonly label: string;
}

export interface FigureSource {
  kind: PlotKind;
  data: ColumnData;
  x: Axis;
  y: Axis;
  groups: Groups;
  colored: Colouring;
  terms: readonly Term[];
  /** What the figure is of. */
  title: string;
}

const isKnown = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value);

function titleOf({ data, title }: FigureSource): string {
  const where = data.images.length === 1 ? (data.images[0]?.name ?? "") : `${data.images.length} images`;
  const count = data.ids.length.toLocaleString("en-US");
  const of = data.ids.length < data.total ? ` of ${data.total.toLocaleString("en-US")}` : "";
  return `${title}, ${where} (${count}${of} objects)`;
}

/** The figure as it goes to paper. */
export function printed(source: FigureSource): Mark {
  const { kind, data, x, y, groups, colored } = source;
  const look = { ...PRINT, title: titleOf(source) };
  if (kind === "histogram") {
    const bins = binned(data.columns[x.key] ?? []);
    return bins ? histogram(bins, x.label, look) : el("svg", { width: look.width, height: look.height });
  }
  if (kind === "scatter") {
    const [xs, ys] = [data.columns[x.key] ?? [], data.columns[y.key] ?? []];
    const known = data.ids.map((_, at) => at).filter((at) => isKnown(xs[at]) && isKnown(ys[at]));
    const points = {
      xs: known.map((at) => xs[at] ?? 0),
      ys: known.map((at) => ys[at] ?? 0),
      colors: known.map((at) => colored.colors[at] ?? ""),
    };
    return scatter(points, x.label, y.label, colored.key, look);
  }
  return distribution(kind, split(data, x.key, groups).slice(0, MOST_GROUPS), x.label, look).mark;
}

/** A row an object: whose it is, and the columns that are drawn. */
export function behind({ data, terms, groups, kind }: FigureSource): string {
  const classes = groupsOf(data, "class", terms);
  const keys = Object.keys(data.columns);
  const isSpread = kind !== "histogram" && kind !== "scatter";
  const header = ["id", "image", "class", ...(isSpread ? ["group of the plot"] : []), ...keys];
  const rows = data.ids.map((id, at) => [
    id,
    data.images[data.image_index[at] ?? 0]?.name ?? "",
    classes.names[classes.of[at] ?? 0] ?? "",
    ...(isSpread ? [groups.names[groups.of[at] ?? 0] ?? ""] : []),
    ...keys.map((key) => data.columns[key]?.[at] ?? null),
  ]);
  return csvText(header, rows);
}

export function FigureFiles(source: FigureSource) {
  const stem = `${source.title} ${source.kind} ${source.x.key}`;
  const save = async (ending: "svg" | "png" | "csv") => {
    try {
      const blob =
        ending === "csv"
          ? new Blob([behind(source)], { type: "text/csv" })
          : ending === "svg"
            ? svgBlob(printed(source))
            : await pngBlob(printed(source));
      saveBlob(blob, fileName(stem, ending));
    } catch (error) {
      tell({ kind: "error", title: "Not saved", message: messageFrom(error) });
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          size="compact-xs"
          rightSection={<IconChevronDown size={12} aria-hidden />}
          data-testid="figure-menu"
        >
          Save figure
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconChartDots size={14} aria-hidden />}
          onClick={() => void save("svg")}
          data-testid="figure-svg"
        >
          As SVG
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPhoto size={14} aria-hidden />}
          onClick={() => void save("png")}
          data-testid="figure-png"
        >
          As PNG, 300 dpi
        </Menu.Item>
        <Menu.Item
          leftSection={<IconTable size={14} aria-hidden />}
          onClick={() => void save("csv")}
          data-testid="figure-csv"
        >
          Data behind it (CSV)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
