/** A uPlot chart that follows the size of its box. */
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

interface Props {
  height: number;
  /** Made anew whenever it changes. */
  make: (
    width: number,
    colors: { text: string; grid: string },
  ) => { options: uPlot.Options; data: uPlot.AlignedData };
  label: string;
  testId: string;
}

export function Plot({ height, make, label, testId }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("dark");
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colors =
      scheme === "dark"
        ? { text: "#98a3b1", grid: "rgba(255,255,255,0.07)" }
        : { text: "#566273", grid: "rgba(0,0,0,0.07)" };
    const { options, data } = make(element.clientWidth, colors);
    const plot = new uPlot({ ...options, width: element.clientWidth, height }, data, element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [make, height, scheme]);
  return <div ref={box} role="img" aria-label={label} data-testid={testId} style={{ minHeight: height }} />;
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });

export function axis(colors: { text: string; grid: string }, label: string, size = 44): uPlot.Axis {
  return {
    stroke: colors.text,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1 },
    font: "11px system-ui, sans-serif",
    labelFont: "11px system-ui, sans-serif",
    labelSize: 16,
    gap: 3,
    values: (_plot, splits) => splits.map((value) => (value === null ? "" : compact.format(value))),
    size,
    ...(label ? { label } : {}),
  };
}
