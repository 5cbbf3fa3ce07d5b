/** Images: records, pixels, thumbnails, files on the server. */
import { queryOptions } from "@tanstack/react-query";
import { imageApplied } from "./events";
import { Heard } from "./heard";
import { API, get, getAll, request, url } from "./http";
import { fetchPatiently } from "./patience";
import type { Arrival, ChannelHistogram, Image, ImportResult, Job, PixelValue, ServerEntry } from "./types";

export const imageKeys = {
  list: (pid: string) => ["images", pid] as const,
  one: (iid: string) => ["image", iid] as const,
  histogram: (iid: string, z: number, t: number) => ["histogram", iid, z, t] as const,
};

export const imagesHeard = new Heard<Image>(imageApplied);

/** With what the stream tells meanwhile. */
export const allImages = (pid: string): Promise<Image[]> =>
  imagesHeard.during(
    () => getAll<Image>(`/projects/${pid}/images`, { limit: 500 }),
    (image) => image.project_id === pid,
  );

export const imagesQuery = (pid: string) =>
  queryOptions({ queryKey: imageKeys.list(pid), queryFn: () => allImages(pid) });

export const imageQuery = (iid: string) =>
  queryOptions({ queryKey: imageKeys.one(iid), queryFn: () => get<Image>(`/images/${iid}`) });

export const histogramQuery = (iid: string, z: number, t: number) =>
  queryOptions({
    queryKey: imageKeys.histogram(iid, z, t),
    queryFn: () => get<ChannelHistogram[]>(`/images/${iid}/histogram`, { z, t }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Asked again until the files are on the server's disk; asking begins to fetch them. */
export const arrivalQuery = (iid: string) =>
  queryOptions({
    queryKey: ["arrival", iid] as const,
    queryFn: () => get<Arrival>(`/images/${iid}/arrival`),
    refetchInterval: ({ state }) => (state.data?.here ? false : 1000),
    gcTime: 0,
  });

export const serverFilesQuery = (path: string) =>
  queryOptions({
    queryKey: ["server-files", path],
    queryFn: () => get<ServerEntry[]>("/server-files", { path }),
  });

export const deleteImage = (iid: string): Promise<void> => request(`/images/${iid}`, { method: "DELETE" });

export const renameImage = (iid: string, name: string): Promise<Image> =>
  request(`/images/${iid}`, { method: "PATCH", json: { name } });

export const registerFiles = (pid: string, paths: string[]): Promise<Job> =>
  request(`/projects/${pid}/images`, { method: "POST", json: { paths } });

export const pixelAt = (
  iid: string,
  at: { x: number; y: number; z: number; t: number },
  signal: AbortSignal,
): Promise<PixelValue> => get(`/images/${iid}/pixels`, at, signal);

export const thumbnailUrl = (image: Pick<Image, "id" | "content_version">, size: number): string =>
  url(`/images/${image.id}/thumbnail`, { size, v: image.content_version });

export const coverUrl = (iid: string, size: number): string => url(`/images/${iid}/thumbnail`, { size });

export const associatedUrl = (iid: string, name: string): string =>
  `${API}/images/${iid}/associated/${encodeURIComponent(name)}`;

export const originalUrl = (iid: string): string => `${API}/images/${iid}/original`;

export const importAnnotations = (iid: string, file: File): Promise<ImportResult> => {
  const body = new FormData();
  body.set("file", file);
  return request(`/images/${iid}/import`, { method: "POST", body });
};

export interface RawTile {
  /** Planar values, (c, h, w). */
  readonly values: ArrayLike<number>;
  readonly shape: readonly [c: number, h: number, w: number];
}

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export async function fetchRawTile(address: string, signal?: AbortSignal): Promise<RawTile> {
  const response = await fetchPatiently(address, signal);
  const dtype = response.headers.get("X-Array-Dtype") ?? "";
  const [c = 0, h = 0, w = 0] = (response.headers.get("X-Array-Shape") ?? "").split(",").map(Number);
  if (!(dtype in ARRAYS)) throw new Error(`Pixels of type "${dtype}" cannot be shown.`);
  const values = new ARRAYS[dtype as keyof typeof ARRAYS](await response.arrayBuffer());
  return { values, shape: [c, h, w] };
}

interface SliceStyle {
  readonly index: number;
  readonly color: string;
  readonly low: number;
  readonly high: number;
  readonly gamma: number;
  readonly isVisible: boolean;
}

interface SlicePlace {
  readonly at: number;
  readonly depth: "z" | "t";
  readonly z: number;
  readonly t: number;
  /** As they are shown; none for colour pictures. */
  readonly channels: readonly SliceStyle[];
}

/** The picture of one row (x) or column (y) of all planes. */
export function sliceUrl(iid: string, side: "x" | "y", { channels, ...place }: SlicePlace): string {
  const style = channels
    .filter(({ isVisible }) => isVisible)
    .map(({ index, color, low, high, gamma }) => [index, color.slice(1), low, high, gamma].join(":"))
    .join(",");
  return url(`/images/${iid}/slices/${side}`, { ...place, style });
}
