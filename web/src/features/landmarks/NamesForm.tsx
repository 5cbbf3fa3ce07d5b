/** Which classes are landmarks, in the order in which they are placed. */
import { MultiSelect } from "@mantine/core";
import type { Term } from "../../api/types";

interface Props {
  terms: readonly Term[];
  chosen: readonly number[];
  onChoose(termIds: number[]): void;
}

export function NamesForm({ terms, chosen, onChoose }: Props) {
  return (
    <MultiSelect
      label="Landmarks"
      description="Classes of which each image has one point, in the order in which they are placed."
      placeholder={chosen.length === 0 ? "Choose classes" : ""}
      data={terms.map(({ id, name }) => ({ value: String(id), label: name }))}
      value={chosen.map(String)}
      onChange={(ids) => onChoose(ids.map(Number))}
      searchable
      maxValues={60}
      data-testid="landmark-names"
    />
  );
}
