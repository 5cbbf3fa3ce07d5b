/** What an event changes in the lists that the app holds. Pure functions: old list in, new list out. */
import type { Image, Job, Layer, LayerChanged, LogLine } from "./types";

/** With the item in place of the one of the same id, or added at the given end. */
export function upserted<Item extends { id: string | number }>(
  items: readonly Item[],
  item: Item,
  end: "first" | "last" = "last",
): Item[] {
  const known = items.some(({ id }) => id === item.id);
  if (known) return items.map((old) => (old.id === item.id ? item : old));
  return end === "first" ? [item, ...items] : [...items, item];
}

export const without = <Item extends { id: string | number }>(
  items: readonly Item[],
  id: Item["id"],
): Item[] => items.filter((item) => item.id !== id);

/** A job never goes back: an event that was overtaken by a newer answer is dropped. */
export function jobApplied(jobs: readonly Job[], job: Job): Job[] {
  const old = jobs.find(({ id }) => id === job.id);
  const finished = old?.finished_at && !job.finished_at && old.started_at === job.started_at;
  return finished ? [...jobs] : upserted(jobs, job, "first");
}

export const imageApplied = (images: readonly Image[], image: Image): Image[] => upserted(images, image);

export function logApplied(lines: readonly LogLine[], line: LogLine): LogLine[] {
  const last = lines.at(-1);
  return last && last.id >= line.id ? [...lines] : [...lines, line];
}

export function layerApplied(layers: readonly Layer[], change: LayerChanged): Layer[] {
  return layers.map((layer) =>
    layer.id === change.layer_id && change.generation > layer.generation
      ? { ...layer, generation: change.generation }
      : layer,
  );
}

/** Says of each end of a job once that it is news, however the lists came to know of it. */
export function newsOfEnds(): (job: Job) => boolean {
  const told = new Set<string>();
  return (job) => {
    const end = `${job.id} ${job.finished_at}`;
    const isNews = !isRunning(job) && !told.has(end);
    if (isNews) told.add(end);
    return isNews;
  };
}

export const isRunning = (job: Job): boolean => job.state === "queued" || job.state === "running";
