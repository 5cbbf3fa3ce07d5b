/** What the address of a viewer page says: where one looks, which plane, which channels. */

import type { Place } from "../viewer/camera";
import type { ChannelDisplay } from "../viewer/channels";
import type { Plane } from "../viewer/picture";

export interface UrlState {
  readonly place: Place | null;
  readonly plane: Plane;
  /** The visible channels; null where the address does not say. */
  readonly channels: readonly number[] | null;
}

function numberIn(search: URLSearchParams, name: string): number | null {
  const text = search.get(name);
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

const countIn = (search: URLSearchParams, name: string): number =>
  Math.max(0, Math.trunc(numberIn(search, name) ?? 0));

export function parseUrlState(text: string): UrlState {
  const search = new URLSearchParams(text);
  const [x, y, zoom] = [numberIn(search, "x"), numberIn(search, "y"), numberIn(search, "zoom")];
  const isPlace = x !== null && y !== null && zoom !== null && zoom > 0;
  const channels = search.get("channels");
  return {
    place: isPlace ? { x, y, zoom, rotation: numberIn(search, "rotation") ?? 0 } : null,
    plane: { z: countIn(search, "z"), t: countIn(search, "t") },
    channels:
      channels === null ? null : channels.split(",").filter(Boolean).map(Number).filter(Number.isInteger),
  };
}

const rounded = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

export function formatUrlState(place: Place, plane: Plane, channels: readonly ChannelDisplay[]): string {
  const search = new URLSearchParams();
  search.set("x", rounded(place.x, 1));
  search.set("y", rounded(place.y, 1));
  search.set("zoom", String(Number(place.zoom.toPrecision(4))));
  if (Math.abs(place.rotation) > 0.05) search.set("rotation", rounded(place.rotation, 1));
  if (plane.z > 0) search.set("z", String(plane.z));
  if (plane.t > 0) search.set("t", String(plane.t));
  const visible = channels.filter((c) => c.isVisible).map((c) => c.index);
  if (channels.length > 1 && visible.length < channels.length) search.set("channels", visible.join(","));
  // commas may stand as they are
  return `?${search.toString().replaceAll("%2C", ",")}`;
}
