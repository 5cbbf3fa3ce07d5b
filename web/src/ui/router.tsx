/** The address bar as state: a few pages need no library. */
import { type ComponentPropsWithoutRef, type MouseEvent, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", changed);

export function navigate(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  changed();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The path without its query, which the viewer rewrites all the time. */
export const usePath = (): string => useSyncExternalStore(subscribe, () => window.location.pathname);

export type Route =
  | { page: "projects" }
  | { page: "project"; projectId: string }
  | { page: "viewer"; projectId: string; imageId: string }
  | { page: "models"; name: string | null }
  | { page: "unknown" };

export function routeOf(path: string): Route {
  const [first, projectId, second, imageId, ...more] = path.split("/").filter(Boolean);
  if (first === undefined) return { page: "projects" };
  if (first === "models" && second === undefined) return { page: "models", name: decoded(projectId) };
  if (first !== "p" || !projectId || more.length > 0) return { page: "unknown" };
  if (second === undefined) return { page: "project", projectId };
  return second === "i" && imageId ? { page: "viewer", projectId, imageId } : { page: "unknown" };
}

/** A part of an address in plain letters; null where there is none or it is damaged. */
function decoded(part: string | undefined): string | null {
  try {
    return part === undefined ? null : decodeURIComponent(part);
  } catch {
    return null;
  }
}

export const MODELS_PATH = "/models";
export const modelPath = (name: string): string => `${MODELS_PATH}/${encodeURIComponent(name)}`;
export const projectPath = (projectId: string): string => `/p/${projectId}`;
export const imagePath = (projectId: string, imageId: string): string => `/p/${projectId}/i/${imageId}`;

/** A link that stays in the app, and opens a tab where the user asks for one. */
export function Link({ href, onClick, ...rest }: ComponentPropsWithoutRef<"a"> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
