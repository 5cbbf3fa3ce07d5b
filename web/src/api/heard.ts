/** What the live stream tells while an answer is on its way: it is newer than that answer, which must not undo it. */
import { without } from "./events";

type Ids = { readonly id: string };

export class Heard<Item extends Ids> {
  private readonly listening = new Set<Map<string, Item | null>>();

  /** `applied` says what a list becomes with news of one item. */
  constructor(private readonly applied: (items: readonly Item[], news: Item) => Item[]) {}

  /** The list that is fetched, with what was heard meanwhile; `belongs` says which new ones are of this list. */
  async during(fetched: () => Promise<Item[]>, belongs: (item: Item) => boolean): Promise<Item[]> {
    const heard = new Map<string, Item | null>();
    this.listening.add(heard);
    try {
      return this.withNews(await fetched(), heard, belongs);
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

  private withNews(
    items: Item[],
    heard: ReadonlyMap<string, Item | null>,
    belongs: (item: Item) => boolean,
  ): Item[] {
    return [...heard].reduce((list, [id, news]) => {
      if (news === null) return without(list, id);
      return belongs(news) ? this.applied(list, news) : list;
    }, items);
  }
}
