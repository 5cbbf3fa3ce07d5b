/** Two views that move together: what one does, the other does in the same way on the screen. */
import type { Image } from "../api/types";
import type { Place } from "./camera";
import { sizeOf } from "./space";

export interface Anchor {
  readonly lead: Place;
  readonly other: Place;
}

/** Where the other view goes when the leading one goes from its anchor to `now`: the same way on the screen. */
export function following(now: Place, { lead, other }: Anchor): Place {
  const ratio = lead.zoom / other.zoom;
  const angle = ((lead.rotation - other.rotation) * Math.PI) / 180;
  const [dx, dy] = [(now.x - lead.x) * ratio, (now.y - lead.y) * ratio];
  return {
    x: other.x + dx * Math.cos(angle) - dy * Math.sin(angle),
    y: other.y + dx * Math.sin(angle) + dy * Math.cos(angle),
    zoom: now.zoom / ratio,
    rotation: other.rotation + now.rotation - lead.rotation,
  };
}

/** The same part of another image: at the same scale where both know theirs, else of the same width. */
export function placeIn(other: Image, place: Place, image: Image): Place {
  const [from, to] = [sizeOf(image), sizeOf(other)];
  const [a, b] = [image.pixel_width_um, other.pixel_width_um];
  const ratio = a && b ? b / a : from.width / to.width;
  return {
    x: (place.x / from.width) * to.width,
    y: (place.y / from.height) * to.height,
    zoom: place.zoom * ratio,
    rotation: place.rotation,
  };
}

export interface Linkable {
  readonly camera: { readonly currentPlace: Place; go(place: Place): void };
  readonly events: { on(name: "place", listener: (place: Place) => void): () => void };
}

/** Lets two views follow each other from where they are now; the answer sets them free. */
export function link(a: Linkable, b: Linkable): () => void {
  const [ofA, ofB] = [a.camera.currentPlace, b.camera.currentPlace];
  let isFollowing = false;
  const follow = (other: Linkable, anchor: Anchor) => (now: Place) => {
    if (isFollowing) return;
    isFollowing = true;
    other.camera.go(following(now, anchor));
    isFollowing = false;
  };
  const stops = [
    a.events.on("place", follow(b, { lead: ofA, other: ofB })),
    b.events.on("place", follow(a, { lead: ofB, other: ofA })),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
