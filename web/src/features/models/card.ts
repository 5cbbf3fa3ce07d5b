/** A card beside the head of its page. */

/** The card without its first heading where that only repeats the title. */
export function cardBody(card: string, title: string): string {
  const [first = "", ...rest] = card.trimStart().split("\n");
  const heading = /^#\s+(.*?)\s*$/.exec(first)?.[1];
  return heading?.toLowerCase() === title.trim().toLowerCase() ? rest.join("\n").trim() : card.trim();
}

/** Pictures that the card does not show itself. */
export const picturesOutside = (card: string, pictures: readonly string[]): string[] =>
  pictures.filter((file) => !card.includes(`](${file})`));
