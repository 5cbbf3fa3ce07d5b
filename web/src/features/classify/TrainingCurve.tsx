/** Loss and accuracy of a network by epoch, on what it learns from and on what is held out. */
import { Text } from "@mantine/core";
import type { TrainingPoint } from "../../api/types";

const WIDTH = 260;
const HEIGHT = 80;

type Key = "loss" | "validation_loss" | "accuracy" | "validation_accuracy";

interface PlotProps {
  points: readonly TrainingPoint[];
  title: string;
  learnt: Key;
  held: Key;
  most: number;
}

/** The epoch whose weights are kept so far. */
export const bestOf = (points: readonly TrainingPoint[]): TrainingPoint | undefined =>
  points.findLast(({ best }) => best);

export function TrainingCurve({ points }: { points: readonly TrainingPoint[] }) {
  const last = points.at(-1);
  if (!last) return null;
  const best = bestOf(points);
  const highest = Math.max(...points.flatMap(({ loss, validation_loss }) => [loss, validation_loss]), 1e-6);
  return (
    <figure className="training-curve" data-testid="training-curve" data-count={points.length}>
      <Text size="xs" className="tabular" data-testid="training-line">
        Epoch {last.epoch} of at most {last.epochs} · <span className="curve-learnt">learnt from</span>{" "}
        <span className="curve-held">held out</span>
        {best ? ` · best: epoch ${best.epoch}` : null}
      </Text>
      <Plot points={points} title="Loss" learnt="loss" held="validation_loss" most={highest} />
      <Plot points={points} title="Accuracy" learnt="accuracy" held="validation_accuracy" most={1} />
    </figure>
  );
}

function Plot({ points, title, learnt, held, most }: PlotProps) {
  const first = points[0]?.epoch ?? 1;
  const last = points.at(-1)?.epoch ?? 1;
  const across = (epoch: number) => (last === first ? WIDTH / 2 : ((epoch - first) / (last - first)) * WIDTH);
  const up = (value: number) => HEIGHT - (Math.min(value, most) / most) * HEIGHT;
  const path = (key: Key) => points.map((one) => `${across(one.epoch)},${up(one[key])}`).join(" ");
  const best = bestOf(points);
  const end = points.at(-1);
  return (
    <svg
      viewBox={`-34 -8 ${WIDTH + 44} ${HEIGHT + 26}`}
      role="img"
      aria-label={`${title}: ${end?.[learnt].toFixed(2)} on what it learns from, ${end?.[held].toFixed(2)} on what is held out`}
    >
      <rect width={WIDTH} height={HEIGHT} className="roc-frame" />
      {best ? (
        <line x1={across(best.epoch)} x2={across(best.epoch)} y1={0} y2={HEIGHT} className="roc-chance" />
      ) : null}
      <polyline points={path(learnt)} className="curve-line" />
      <polyline points={path(held)} className="curve-line" data-held />
      {points.length === 1
        ? ([learnt, held] as const).map((key) => (
            <circle key={key} cx={WIDTH / 2} cy={up(points[0]?.[key] ?? 0)} r={3} className="curve-dot" />
          ))
        : null}
      <text x={-5} y={5} textAnchor="end">
        {most === 1 ? "1" : most.toFixed(2)}
      </text>
      <text x={-5} y={HEIGHT + 3} textAnchor="end">
        0
      </text>
      <text x={0} y={HEIGHT + 15}>
        {title}
      </text>
      <text x={WIDTH} y={HEIGHT + 15} textAnchor="end">
        epoch {last}
      </text>
    </svg>
  );
}
