/** Methods under headings, as the choice shows them. */
import type { MethodInfo } from "../../api/types";

const HEADINGS: readonly [MethodInfo["group"], string][] = [
  ["models", "Models"],
  ["own", "Your models and pipelines"],
  ["plugins", "Plug-ins"],
  ["classical", "Classical"],
];

interface Group {
  group: string;
  items: { value: string; label: string }[];
}

/** Each heading that has methods; within it, in the server's order. */
export const groupsOf = (methods: readonly MethodInfo[]): Group[] =>
  HEADINGS.map(([key, heading]) => ({
    group: heading,
    items: methods
      .filter(({ group }) => group === key)
      .map(({ name, title }) => ({ value: name, label: title })),
  })).filter(({ items }) => items.length > 0);
