/** What became of an upload after its last byte. */
import { get } from "./http";
import type { Upload } from "./types";

export const uploadStatus = (id: string): Promise<Upload> => get(`/uploads/${id}`);
