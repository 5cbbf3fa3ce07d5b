/** What became of an upload after its last byte. */
import { get, request } from "./http";
import type { Job, Upload } from "./types";

export const uploadStatus = (id: string): Promise<Upload> => get(`/uploads/${id}`);

/** Imports files that were held back, as the folder they came from. */
export const importHeld = (pid: string, uploadIds: readonly string[]): Promise<Job> =>
  request(`/projects/${pid}/imports`, { method: "POST", json: { upload_ids: uploadIds } });
