/** The receiver operating characteristic of each class against all others. */
import type { ClassifierDetails, PartitionScores } from "../../api/types";

const SIDE = 150;

const pathOf = (points: readonly (readonly number[])[]): string =>
  points.map(([x = 0, y = 0], at) => `${at === 0 ? "M" : "L"}${x * SIDE},${SIDE - y * SIDE}`).join(" ");

export function RocPlot({
  classes,
  scores,
}: {
  classes: ClassifierDetails["classes"];
  scores: PartitionScores;
}) {
  const lines = classes.flatMap(({ name, color }, at) => {
    const points = scores.classes[at]?.roc ?? [];
    return points.length > 1 ? [{ name, color, points }] : [];
  });
  if (lines.length === 0) return null;
  return (
    <figure className="roc">
      <svg
        viewBox={`-26 -6 ${SIDE + 34} ${SIDE + 30}`}
        role="img"
        aria-label="True against false positive rate of each class"
        data-testid="roc"
      >
        <rect width={SIDE} height={SIDE} className="roc-frame" />
        <line x1={0} y1={SIDE} x2={SIDE} y2={0} className="roc-chance" />
        {lines.map(({ name, color, points }) => (
          <path key={name} d={pathOf(points)} stroke={color} fill="none" strokeWidth={2}>
            <title>{name}</title>
          </path>
        ))}
        <text x={SIDE / 2} y={SIDE + 18} textAnchor="middle">
          false positive rate
        </text>
        <text transform={`translate(-10 ${SIDE / 2}) rotate(-90)`} textAnchor="middle">
          true positive rate
        </text>
      </svg>
    </figure>
  );
}
