/** Maps of a picture: what the network says of every pixel. */
import type { NetworkSpec } from "./model";
import { cropped, fitting, gray, type Planes, padded, resized } from "./preprocessing";

/** A network: planes in, planes out, of the same sides. */
export type Network = (input: Planes) => Promise<Planes>;

export interface Maps {
  readonly width: number;
  readonly height: number;
  readonly foreground: Float32Array;
  /** Null where the network has none. */
  readonly distance: Float32Array | null;
}

/** Larger pictures would take seconds and much memory; a suggestion needs no more than this. */
const MOST_SIDE = 640;
const MOST_ENLARGED = 6;

/** How much the picture is enlarged so that its objects get the size of those in training. */
export function scaleFor(spec: NetworkSpec, diameterPx: number, longestSide: number): number {
  const wanted = spec.diameterPx === null ? 1 : spec.diameterPx / Math.max(1, diameterPx);
  return Math.min(wanted, MOST_ENLARGED, MOST_SIDE / longestSide);
}

/** The maps of a normalised picture as it is. */
export async function mapsOf(network: Network, spec: NetworkSpec, picture: Planes): Promise<Planes> {
  const seen = spec.channels === 1 ? gray(picture) : picture;
  const { width, height } = seen;
  const [w, h] = [width, height].map((side) => fitting(side, spec.stride, spec.smallest));
  const found = await network(padded(seen, w ?? width, h ?? height));
  return cropped(found, width, height);
}

/** The maps of a picture seen at another size, in the finer of the two sizes, as the server decodes them. */
export async function scaledMaps(
  network: Network,
  spec: NetworkSpec,
  picture: Planes,
  scale: number,
): Promise<Maps> {
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const found = await mapsOf(network, spec, resized(picture, width, height));
  const fine = scale < 1 ? resized(found, picture.width, picture.height) : found;
  const n = fine.width * fine.height;
  const first = fine.data.subarray(0, n);
  return {
    width: fine.width,
    height: fine.height,
    foreground: spec.hasBackground && fine.count > 1 ? first.map((value) => 1 - value) : first,
    distance: spec.hasDistance && fine.count > 1 ? fine.data.subarray(n, 2 * n) : null,
  };
}
