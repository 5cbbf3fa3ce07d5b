/** Requests to the server: JSON in and out, the CSRF token, errors as plain sentences. */

export const API = "/api/v1";

/** The server said no; the message says why and what to do. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The server could not be reached, or a gateway in front of it answered instead. */
export class ConnectionError extends Error {}

let csrfToken: string | null = null;

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

export function csrfHeaders(): Record<string, string> {
  return csrfToken ? { "X-CSRF-Token": csrfToken } : {};
}

type Query = Record<string, string | number | boolean | null | undefined>;

export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `${API}${path}${text ? `?${text}` : ""}`;
}

interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  json?: unknown;
  body?: BodyInit;
  signal?: AbortSignal | undefined;
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...csrfHeaders() };
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(url(path, options.query), {
      method: options.method ?? "GET",
      headers,
      body: options.json === undefined ? (options.body ?? null) : JSON.stringify(options.json),
      signal: options.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ConnectionError("The server cannot be reached. Check the connection and try again.");
  }
}

const GATEWAY = new Set([502, 503, 504]);

/** The error in a response, from its problem document where there is one. */
export async function errorOf(response: Response): Promise<Error> {
  const text = await response.text().catch(() => "");
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // no problem document: a proxy's page, or nothing
  }
  const code = typeof body.code === "string" ? body.code : `http_${response.status}`;
  if (GATEWAY.has(response.status) && typeof body.code !== "string") {
    return new ConnectionError("The server does not answer at the moment. The app keeps trying.");
  }
  return new ApiError(messageOf(body, response.status), response.status, code, body);
}

function messageOf(body: Record<string, unknown>, status: number): string {
  const detail = typeof body.detail === "string" ? body.detail : "";
  const errors = Array.isArray(body.errors) ? body.errors : [];
  const [first] = errors as { loc?: unknown[]; msg?: unknown }[];
  const reason =
    first && typeof first.msg === "string" ? `${(first.loc ?? []).slice(1).join(".")}: ${first.msg}` : "";
  if (detail || reason) return [detail, reason].filter(Boolean).join(" ");
  if (status === 401) return "Please sign in again.";
  if (status === 403) return "You are not allowed to do this in this project.";
  if (status === 404) return "This is no longer there; it may have been deleted.";
  return typeof body.title === "string" ? body.title : `The server answered with an error (${status}).`;
}

export async function request<Result>(path: string, options: Options = {}): Promise<Result> {
  const response = await send(path, options);
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined as Result;
  return (await response.json()) as Result;
}

export const get = <Result>(path: string, query?: Query, signal?: AbortSignal): Promise<Result> =>
  request<Result>(path, { query: query ?? {}, signal });

/** Every page of a list. */
export async function getAll<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null | undefined;
  do {
    const page: { items: Item[]; next?: string | null } = await get(path, { ...query, cursor }, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

/** What to tell the user. */
export function messageFrom(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Reload the page and try again.";
}
