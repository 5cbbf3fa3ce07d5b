/** Figures and their numbers as files. */
import { type Mark, svgText } from "./svg";

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** A figure of 6 by 4 inches at 300 dots an inch. */
const DOTS_PER_PX = 2.5;

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export const svgBlob = (mark: Mark): Blob => new Blob([HEAD, svgText(mark)], { type: "image/svg+xml" });

export async function pngBlob(mark: Mark): Promise<Blob> {
  const address = URL.createObjectURL(svgBlob(mark));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Number(mark.attrs.width) * DOTS_PER_PX;
    canvas.height = Number(mark.attrs.height) * DOTS_PER_PX;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser cannot draw pictures. Save the figure as SVG instead.");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (!blob) throw new Error("The figure is too large for a picture. Save it as SVG instead.");
    return blob;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** No text is taken for a formula by a spreadsheet. */
function cell(value: string | number | null): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvText = (
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string => [header, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");

/** Letters, digits, dot, dash and underscore. */
export const fileName = (stem: string, ending: string): string =>
  `${
    stem
      .replace(/[^A-Za-z0-9._-]+/g, "_")
      .replace(/^[._]+|[._]+$/g, "")
      .slice(0, 100) || "figure"
  }.${ending}`;
