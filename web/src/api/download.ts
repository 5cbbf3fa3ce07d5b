/** Files from the server. Fetched rather than linked, so that an error becomes a message and not a file. */
import { ConnectionError, errorOf } from "./http";

/** The name in a Content-Disposition header, the encoded one first. */
export function filenameIn(header: string | null): string | null {
  if (!header) return null;
  const encoded = /filename\*=(?:UTF-8|utf-8)''([^;]+)/.exec(header)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/.exec(header)?.[1] ?? null;
}

export async function download(address: string): Promise<void> {
  const response = await fetch(address).catch(() => {
    throw new ConnectionError("The server cannot be reached. Check the connection and try again.");
  });
  if (!response.ok) throw await errorOf(response);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = filenameIn(response.headers.get("Content-Disposition")) ?? "export";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
