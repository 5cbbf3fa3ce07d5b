/** What the live stream tells while an answer is on its way: it is newer than that answer, which must not undo it. */

type Ids = { readonly id: string };

export class Heard<Item extends Ids> {
  private readonly listening = new Set<Map<string, Item | null>>();

  /** The list that is fetched, with what was heard meanwhile; `belongs` says which new ones are of this list. */
  async during(fetched: () => Promise<Item[]>, belongs: (item: Item) => boolean): Promise<Item[]> {
    const heard = new Map<string, Item | null>();
    this.listening.add(heard);
    try {
      return withNews(await fetched(), heard, belongs);
    } finally {
      this.listening.delete(heard);
    }
  }

  tell(item: Item): void {
    for (const heard of this.listening) heard.set(item.id, item);
  }

  tellGone(id: string): void {
    for (const heard of this.listening) heard.set(id, null);
  }
}

function withNews<Item extends Ids>(
  items: readonly Item[],
  heard: ReadonlyMap<string, Item | null>,
  belongs: (item: Item) => boolean,
): Item[] {
  const known = new Set(items.map(({ id }) => id));
  const kept = items.flatMap((item) => {
    const news = heard.get(item.id);
    return news === null ? [] : [news ?? item];
  });
  const added = [...heard.values()].filter((one) => one !== null && !known.has(one.id) && belongs(one));
  return [...kept, ...(added as Item[])];
}
