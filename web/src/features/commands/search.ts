/** Finding by a few letters. */

/**
 * How well a text fits what was typed: all letters must come in order. Higher is better, null does not fit;
 * starts of words and letters in a row count more.
 */
export function rank(typed: string, text: string): number | null {
  const wanted = typed.toLowerCase().replaceAll(" ", "");
  const all = text.toLowerCase();
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = all.indexOf(letter, at + 1);
    if (next < 0) return null;
    const startsWord = next === 0 || !/[a-z0-9]/.test(all[next - 1] ?? " ");
    score += (next === at + 1 ? 3 : 0) + (startsWord ? 2 : 0) + 1;
    at = next;
  }
  return score - all.length / 100;
}

/** What fits, the best first; everything in its order while nothing is typed. */
export function found<Item>(typed: string, items: readonly Item[], text: (item: Item) => string): Item[] {
  return items
    .flatMap((item) => {
      const score = rank(typed, text(item));
      return score === null ? [] : [{ item, score }];
    })
    .toSorted((a, b) => (typed === "" ? 0 : b.score - a.score))
    .map(({ item }) => item);
}
