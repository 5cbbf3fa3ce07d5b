/** Properties of an object as people type them: numbers and yes or no are told from words. */

export type Properties = Readonly<Record<string, string | number | boolean>>;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function valueTyped(text: string): string | number | boolean {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  const number = Number(plain);
  return NUMBER.test(plain) && Number.isFinite(number) ? number : text;
}

export const withProperty = (properties: Properties, name: string, text: string): Properties => ({
  ...properties,
  [name.trim()]: valueTyped(text),
});

export const withoutProperty = (properties: Properties, name: string): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([other]) => other !== name));
