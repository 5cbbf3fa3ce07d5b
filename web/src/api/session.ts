/** Who is signed in. */
import { queryOptions } from "@tanstack/react-query";
import { get, request, setCsrfToken } from "./http";
import type { Session, User } from "./types";

async function remembered(answer: Promise<Session>): Promise<Session> {
  const session = await answer;
  setCsrfToken(session.csrf_token);
  return session;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => remembered(get<Session>("/session")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const signIn = (username: string, password: string): Promise<Session> =>
  remembered(request<Session>("/session", { method: "POST", json: { username, password } }));

export async function signOut(): Promise<void> {
  await request("/session", { method: "DELETE" });
  setCsrfToken(null);
}

export const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => get<User[]>("/users") });
