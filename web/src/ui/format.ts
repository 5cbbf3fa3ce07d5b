/** Numbers for people. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * Four significant digits, thousands apart, no exponent where it can be helped; in a column, where the
 * numbers stand one below the other, as many decimals as all others have.
 */
export function number(value: number | null | undefined, decimals?: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (decimals !== undefined && (value === 0 || Math.abs(value) >= 10 ** -decimals)) {
    return value.toLocaleString("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  }
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(2);
  return value.toLocaleString(
    "en-US",
    size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 },
  );
}

/** Decimals that leave the middle of these numbers three or four digits; none for whole numbers. */
export function decimalsFor(values: readonly unknown[]): number {
  const sizes = values
    .filter((value): value is number => typeof value === "number" && Number.isFinite(value))
    .map(Math.abs)
    .toSorted((a, b) => a - b);
  if (sizes.every(Number.isInteger)) return 0;
  const middle = sizes[Math.floor(sizes.length / 2)] ?? 0;
  if (middle === 0) return 3;
  return Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(middle))));
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** "1 min 20 s" between two moments; until now while there is no end. */
export function duration(start: string | null, end: string | null): string {
  if (!start) return "";
  const seconds = Math.max(0, Math.round(((end ? Date.parse(end) : Date.now()) - Date.parse(start)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** "14:05:09" of today, else "2026-03-01 14:05". */
export function moment(at: string, now = new Date()): string {
  const when = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [day, today] = [when, now].map(
    (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`,
  );
  const time = `${two(when.getHours())}:${two(when.getMinutes())}`;
  return day === today ? `${time}:${two(when.getSeconds())}` : `${day} ${time}`;
}

/** The longest 1, 2 or 5 times a power of ten below `most`. */
export function niceLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const lead = most / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}
