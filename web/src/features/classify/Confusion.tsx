/** The confusion matrix: rows are what people said, columns what it was taken for. */
import type { ClassifierDetails } from "../../api/types";

interface Cell {
  readonly truth: number;
  readonly predicted: number;
}

interface Props {
  classes: ClassifierDetails["classes"];
  confusion: readonly (readonly number[])[];
  chosen: Cell | null;
  /** Nothing can be chosen where it is null. */
  onChoose: ((cell: Cell | null) => void) | null;
}

const short = (name: string): string => (name.length > 9 ? `${name.slice(0, 8)}…` : name);

export function Confusion({ classes, confusion, chosen, onChoose }: Props) {
  return (
    <table className="confusion tabular" aria-label="Confusion matrix" data-testid="confusion">
      <thead>
        <tr>
          <td className="confusion-corner">given / taken for</td>
          {classes.map(({ name }) => (
            <th key={name} scope="col" title={name}>
              {short(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map(({ name }, truth) => (
          <tr key={name}>
            <th scope="row" title={name}>
              {short(name)}
            </th>
            {classes.map((other, predicted) => {
              const row = confusion[truth] ?? [];
              const count = row[predicted] ?? 0;
              const share =
                count /
                Math.max(
                  1,
                  row.reduce((sum, one) => sum + one, 0),
                );
              const isChosen = chosen?.truth === truth && chosen.predicted === predicted;
              return (
                <td
                  key={other.name}
                  data-right={truth === predicted}
                  style={{ "--share": `${Math.round(70 * share)}%` } as React.CSSProperties}
                >
                  <button
                    type="button"
                    disabled={!onChoose || count === 0}
                    aria-pressed={isChosen}
                    aria-label={`${count} of ${name} taken for ${other.name}`}
                    onClick={() => onChoose?.(isChosen ? null : { truth, predicted })}
                    data-testid="confusion-cell"
                    data-truth={truth}
                    data-predicted={predicted}
                  >
                    {count}
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
