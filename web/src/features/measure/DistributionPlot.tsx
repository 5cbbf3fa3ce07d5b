/** One measurement in groups, on the page: a drag chooses objects between two values, a click goes to one. */
import { Text, useComputedColorScheme } from "@mantine/core";
import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { ColumnData } from "../../api/types";
import type { Gate } from "./bins";
import { type DistributionKind, distribution, MOST_POINTS } from "./figure/distributions";
import type { Look } from "./figure/frame";
import { SvgMarks } from "./figure/SvgMarks";
import { type Groups, MOST_GROUPS, split } from "./grouping";
import { Sampled } from "./plots";

interface Props {
  kind: DistributionKind;
  data: ColumnData;
  x: { key: string; label: string };
  groups: Groups;
  marked: ReadonlySet<number>;
  onGate(gate: Gate): void;
  onPick(at: number): void;
  onPoint(at: number | null): void;
}

const HEIGHT = 280;

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

interface Drag {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

const LEAST_DRAG_PX = 4;

export function DistributionPlot({ kind, data, x, groups, marked, onGate, onPick, onPoint }: Props) {
  const [box, width] = useWidth();
  const scheme = useComputedColorScheme("dark");
  const [drag, setDrag] = useState<Drag | null>(null);
  const parts = useMemo(() => split(data, x.key, groups), [data, x.key, groups]);
  const shown = useMemo(() => parts.slice(0, MOST_GROUPS), [parts]);
  const drawing = useMemo(() => {
    const colors =
      scheme === "dark" ? { text: "#98a3b1", line: "#2a323c" } : { text: "#566273", line: "#dde2e8" };
    const look: Look = { width, height: HEIGHT, ...colors, ground: "none", fontPx: 11 };
    return distribution(kind, shown, x.label, look, marked);
  }, [kind, shown, x.label, width, scheme, marked]);
  const placeOf = new Map(data.ids.map((id, at) => [id, at]));
  const at = (event: PointerEvent): number | null => {
    const id = event.target instanceof SVGElement ? event.target.dataset.id : undefined;
    return id === undefined ? null : (placeOf.get(Number(id)) ?? null);
  };
  const pointOf = (event: PointerEvent<HTMLDivElement>): [number, number] => {
    const rect = event.currentTarget.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  };
  const drawn = ({ from, to }: Drag): Gate => {
    const [first, last] = [
      drawing.groupAt(Math.min(from[0], to[0])),
      drawing.groupAt(Math.max(from[0], to[0])),
    ];
    const [a, b] = [drawing.scale.inverse(from[1]), drawing.scale.inverse(to[1])];
    return {
      x: [Math.min(a, b), Math.max(a, b)],
      among: shown.slice(first, last + 1).map(({ name }) => name),
    };
  };
  if (shown.length === 0) return <Text size="xs">This measurement has no values.</Text>;
  return (
    <div>
      <div
        ref={box}
        data-testid={`plot-${kind}`}
        className="plot-spread"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const point = pointOf(event);
          setDrag({ from: point, to: point });
          const under = at(event);
          if (under !== null) onPick(under);
        }}
        onPointerMove={(event) => {
          if (drag) setDrag({ ...drag, to: pointOf(event) });
          else onPoint(at(event));
        }}
        onPointerLeave={() => onPoint(null)}
        onPointerUp={() => {
          if (drag && Math.abs(drag.to[1] - drag.from[1]) >= LEAST_DRAG_PX) onGate(drawn(drag));
          setDrag(null);
        }}
        onPointerCancel={() => setDrag(null)}
      >
        <SvgMarks mark={drawing.mark} />
        {drag ? (
          <div
            className="plot-drag"
            style={{
              left: Math.min(drag.from[0], drag.to[0]),
              top: Math.min(drag.from[1], drag.to[1]),
              width: Math.abs(drag.to[0] - drag.from[0]),
              height: Math.abs(drag.to[1] - drag.from[1]),
            }}
          />
        ) : null}
      </div>
      {parts.length > shown.length ? (
        <Text size="xs" c="var(--text-dim)">
          The first {MOST_GROUPS} of {parts.length} groups are drawn; the table has all.
        </Text>
      ) : null}
      {kind === "swarm" && shown.some(({ values }) => values.length > MOST_POINTS) ? (
        <Text size="xs" c="var(--text-dim)">
          {MOST_POINTS} objects of a group are drawn; a range chooses all of them.
        </Text>
      ) : null}
      <Sampled data={data} />
    </div>
  );
}
