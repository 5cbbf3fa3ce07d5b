/** A typed way to listen. */
export type Listeners<Events> = { [Name in keyof Events]?: Set<(value: Events[Name]) => void> };

export class Signals<Events> {
  private readonly listeners: Listeners<Events> = {};

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const set = this.listeners[name] ?? new Set<(value: Events[Name]) => void>();
    this.listeners[name] = set;
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of this.listeners[name] ?? []) listener(value);
  }
}
