/** Images of a project by name, in an order. */
import { create } from "zustand";
import type { Image } from "../../api/types";

export type ImageOrder = "added" | "newest" | "name";

export const ORDERS: readonly { value: ImageOrder; label: string }[] = [
  { value: "added", label: "First added first" },
  { value: "newest", label: "Last added first" },
  { value: "name", label: "By name" },
];

interface Finding {
  readonly words: string;
  readonly order: ImageOrder;
}

/** By project, as long as the page is open, so that coming back from an image changes nothing. */
const useFindings = create<Record<string, Finding>>()(() => ({}));
const EVERYTHING: Finding = { words: "", order: "added" };

export const useFinding = (projectId: string): Finding => useFindings((s) => s[projectId] ?? EVERYTHING);

export const setFinding = (projectId: string, part: Partial<Finding>): void =>
  useFindings.setState((s) => ({ [projectId]: { ...EVERYTHING, ...s[projectId], ...part } }));

/** 2 before 10, as people count. */
const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Those whose name has all the words, in any order and case. The images come in the order in which they were added. */
export function foundImages(images: readonly Image[], { words, order }: Finding): Image[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = images.filter(({ name }) => {
    const own = name.toLowerCase();
    return wanted.every((word) => own.includes(word));
  });
  if (order === "added") return found;
  return order === "newest" ? found.reverse() : found.sort((a, b) => names.compare(a.name, b.name));
}
