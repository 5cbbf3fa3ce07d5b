/** Which part of a project's page is open. */
import { create } from "zustand";

const useTabs = create<{ project: string; tab: string }>(() => ({ project: "", tab: "images" }));

export const openTab = (project: string, tab: string): void => useTabs.setState({ project, tab });

export const showImageClasses = (project: string): void => openTab(project, "classes");

export const useProjectTab = (project: string): string =>
  useTabs((s) => (s.project === project ? s.tab : "images"));
