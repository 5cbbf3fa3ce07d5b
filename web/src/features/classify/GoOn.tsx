/** Whether a network starts anew, or goes on from an earlier version with the labels that came since. */
import { Select } from "@mantine/core";
import type { Classifier } from "../../api/types";

interface Props {
  versions: readonly Classifier[];
  value: number | null;
  onChange(version: number | null): void;
}

export function GoOn({ versions, value, onChange }: Props) {
  if (versions.length === 0) return null;
  return (
    <Select
      label="Start"
      data={[
        { value: "new", label: "Anew" },
        ...versions.map(({ version }) => ({
          value: String(version),
          label: `Go on from classifier ${version}`,
        })),
      ]}
      allowDeselect={false}
      value={value === null ? "new" : String(value)}
      onChange={(chosen) => onChange(chosen === null || chosen === "new" ? null : Number(chosen))}
      data-testid="train-start"
    />
  );
}
