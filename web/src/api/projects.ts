/** Projects, their members and their classes. */
import { queryOptions } from "@tanstack/react-query";
import { get, getAll, request } from "./http";
import type { Member, Ontology, Project, RoleName, Term, TermCreate, TermUpdate } from "./types";

export const projectKeys = {
  all: ["projects"] as const,
  one: (pid: string) => ["project", pid] as const,
  members: (pid: string) => ["members", pid] as const,
  ontology: (pid: string) => ["ontology", pid] as const,
};

export const projectsQuery = queryOptions({
  queryKey: projectKeys.all,
  queryFn: () => getAll<Project>("/projects"),
  // no stream tells of covers and counts here
  refetchOnMount: "always",
});

export const projectQuery = (pid: string) =>
  queryOptions({ queryKey: projectKeys.one(pid), queryFn: () => get<Project>(`/projects/${pid}`) });

export const ontologyQuery = (pid: string) =>
  queryOptions({
    queryKey: projectKeys.ontology(pid),
    queryFn: () => get<Ontology>(`/projects/${pid}/ontology`),
  });

export const membersQuery = (pid: string) =>
  queryOptions({
    queryKey: projectKeys.members(pid),
    queryFn: () => get<Member[]>(`/projects/${pid}/members`),
  });

export const createProject = (name: string, description: string): Promise<Project> =>
  request("/projects", { method: "POST", json: { name, description } });

/** The project of sample images: made at the first request of a user, found again later. */
export const createSamples = (): Promise<Project> => request("/samples", { method: "POST" });

export const updateProject = (
  pid: string,
  change: { name?: string; description?: string },
): Promise<Project> => request(`/projects/${pid}`, { method: "PATCH", json: change });

export const deleteProject = (pid: string): Promise<void> =>
  request(`/projects/${pid}`, { method: "DELETE" });

export const putMember = (pid: string, userId: number, role: RoleName): Promise<Member> =>
  request(`/projects/${pid}/members/${userId}`, { method: "PUT", json: { role } });

export const removeMember = (pid: string, userId: number): Promise<void> =>
  request(`/projects/${pid}/members/${userId}`, { method: "DELETE" });

export const createTerm = (pid: string, term: TermCreate): Promise<Term> =>
  request(`/projects/${pid}/terms`, { method: "POST", json: term });

export const updateTerm = (id: number, change: TermUpdate): Promise<Term> =>
  request(`/terms/${id}`, { method: "PATCH", json: change });

export const deleteTerm = (id: number): Promise<void> => request(`/terms/${id}`, { method: "DELETE" });
