/** Drawings as data: shown on the page, and written as a file. */

export interface Mark {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string | number>>;
  readonly children: readonly (Mark | string)[];
}

export const el = (
  tag: string,
  attrs: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Mark | string)[]
): Mark => ({ tag, attrs, children });

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] ?? one);

/** As React calls attributes (`strokeWidth`) and as files do (`stroke-width`). */
const nameOf = (key: string): string =>
  key === "viewBox" ? key : key.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);

export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The drawing as text. */
export function svgText(mark: Mark): string {
  const attrs = Object.entries(mark.attrs)
    .map(
      ([key, value]) =>
        ` ${nameOf(key)}="${escaped(String(typeof value === "number" ? rounded(value) : value))}"`,
    )
    .join("");
  const inside = mark.children.map((one) => (typeof one === "string" ? escaped(one) : svgText(one))).join("");
  return `<${mark.tag}${attrs}>${inside}</${mark.tag}>`;
}
