/** How quality grew with the labels, one point a version. */
import { Text } from "@mantine/core";
import type { CurvePoint } from "./counts";

const WIDTH = 260;
const HEIGHT = 90;

export function QualityCurve({ points }: { points: readonly CurvePoint[] }) {
  if (points.length < 2) return null;
  const most = Math.max(...points.map(({ labels }) => labels));
  const place = ({ labels, f1 }: CurvePoint): [number, number] => [
    (labels / most) * WIDTH,
    HEIGHT - f1 * HEIGHT,
  ];
  return (
    <figure className="roc" data-testid="quality-curve" data-count={points.length}>
      <Text size="xs" fw={600}>
        Macro F1 (held out) against labels
      </Text>
      <svg
        viewBox={`-26 -8 ${WIDTH + 40} ${HEIGHT + 30}`}
        role="img"
        aria-label={`Quality against labels: ${points.map(({ labels, f1 }) => `${labels}: ${f1.toFixed(2)}`).join(", ")}`}
      >
        <rect width={WIDTH} height={HEIGHT} className="roc-frame" />
        <polyline points={points.map((one) => place(one).join()).join(" ")} className="quality-line" />
        {points.map((one) => {
          const [x, y] = place(one);
          return (
            <circle key={one.version} cx={x} cy={y} r={3.5} className="quality-dot">
              <title>{`Classifier ${one.version}: ${one.labels} labels, F1 ${one.f1.toFixed(2)}`}</title>
            </circle>
          );
        })}
        <text x={-6} y={4} textAnchor="end">
          1
        </text>
        <text x={-6} y={HEIGHT + 3} textAnchor="end">
          0
        </text>
        <text x={WIDTH} y={HEIGHT + 16} textAnchor="end">
          {most.toLocaleString("en-US")} labels
        </text>
      </svg>
    </figure>
  );
}
