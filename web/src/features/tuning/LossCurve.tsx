/** How the loss fell, over all rounds: on what was learnt from, and on what was held out. */
import { Text } from "@mantine/core";
import type { TuningPoint } from "../../api/types";

const WIDTH = 420;
const HEIGHT = 100;

/** Steps counted over all rounds. */
export function placed(points: readonly TuningPoint[]): (TuningPoint & { at: number })[] {
  let before = 0;
  return points.map((point, index) => {
    const last = points[index - 1];
    if (last && last.round !== point.round) before += last.step;
    return { ...point, at: before + point.step };
  });
}

export function LossCurve({ points }: { points: readonly TuningPoint[] }) {
  if (points.length < 2) return null;
  const all = placed(points);
  const steps = all[all.length - 1]?.at ?? 1;
  const highest = Math.max(...all.flatMap(({ loss, validation_loss }) => [loss, validation_loss ?? 0]));
  const path = (values: readonly [number, number][]) =>
    values.map(([at, loss]) => `${(at / steps) * WIDTH},${HEIGHT - (loss / highest) * HEIGHT}`).join(" ");
  const held = all.flatMap(({ at, validation_loss }): [number, number][] =>
    typeof validation_loss === "number" ? [[at, validation_loss]] : [],
  );
  return (
    <figure className="tuning-curve" data-testid="tuning-curve" data-count={points.length}>
      <Text size="xs" fw={600}>
        Loss against steps: <span className="tuning-learnt">learnt from</span>,{" "}
        <span className="tuning-held">held out</span>
      </Text>
      <svg
        viewBox={`-40 -8 ${WIDTH + 60} ${HEIGHT + 28}`}
        role="img"
        aria-label={`The loss went from ${all[0]?.loss.toFixed(2)} to ${all[all.length - 1]?.loss.toFixed(2)} in ${steps} steps.`}
      >
        <rect width={WIDTH} height={HEIGHT} className="tuning-frame" />
        <polyline points={path(all.map(({ at, loss }) => [at, loss]))} className="tuning-line" />
        <polyline points={path(held)} className="tuning-line" data-held />
        {held.map(([at, loss]) => (
          <circle
            key={at}
            cx={(at / steps) * WIDTH}
            cy={HEIGHT - (loss / highest) * HEIGHT}
            r={3}
            className="tuning-dot"
          />
        ))}
        <text x={-6} y={6} textAnchor="end">
          {highest.toFixed(2)}
        </text>
        <text x={-6} y={HEIGHT + 3} textAnchor="end">
          0
        </text>
        <text x={WIDTH} y={HEIGHT + 16} textAnchor="end">
          {steps.toLocaleString("en-US")} steps
        </text>
      </svg>
    </figure>
  );
}
