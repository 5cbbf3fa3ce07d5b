/** Gives images classes, takes that back and does it again; what the server refuses is taken back. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { decideOnImages, giveImageClasses } from "../../../api/classifiers";
import { messageFrom } from "../../../api/http";
import { allImages, imageKeys } from "../../../api/images";
import { renew } from "../../../api/renewing";
import type { Image, ImageClass } from "../../../api/types";
import { tell } from "../../../state/notices";
import { plural } from "../../../ui/format";
import { isSuggested } from "./labels";
import { classesSent, isSending, sendClasses } from "./sending";
import {
  NO_STEPS,
  recorded,
  redone,
  type Step,
  type Steps,
  stepTo,
  stillSo,
  undone,
  usePending,
  useSteps,
  withPending,
} from "./steps";

const AT_ONCE = 5000;
const SHOWN_MS = 100;

export interface Giving {
  /** As they are, with what is on its way to the server. */
  images: readonly Image[];
  give(images: readonly Image[], termId: number | null): void;
  /** Agrees to the images' own suggestions. */
  accept(images: readonly Image[]): void;
  /** Agrees to all suggestions that are so certain, or takes all away. */
  decide(action: "accept" | "clear", least: number): Promise<void>;
  undo(): void;
  redo(): void;
  canUndo: boolean;
  canRedo: boolean;
}

/** The listed images as they are here, and the way to the server. */
function useListed(projectId: string, images: readonly Image[]) {
  const client = useQueryClient();
  const pending = usePending();
  const key = imageKeys.list(projectId);
  const refresh = () => client.invalidateQueries({ queryKey: key });
  const put = async (given: readonly ImageClass[], onRefused: () => void) => {
    try {
      for (let at = 0; at < given.length; at += AT_ONCE)
        await giveImageClasses(projectId, given.slice(at, at + AT_ONCE));
    } catch (error) {
      onRefused();
      tell({ kind: "error", message: messageFrom(error) });
    }
  };
  const shown = async () => {
    // asked for after the change was stored; answers to earlier questions, still on their way, are not waited for
    const latest = await allImages(projectId).catch(() => null);
    if (isSending()) return;
    await client.cancelQueries({ queryKey: key });
    if (latest) client.setQueryData(key, latest);
    // the list tells its users a moment later
    await new Promise((resolve) => setTimeout(resolve, SHOWN_MS));
    if (isSending()) return;
    usePending.setState({}, true);
    renew(client, key);
  };
  return {
    images: useMemo(() => withPending(images, pending), [images, pending]),
    now: () => withPending(client.getQueryData<Image[]>(key) ?? images, usePending.getState()),
    refresh,
    /** Shows the change at once. */
    send: (given: readonly ImageClass[], onRefused: () => void) => {
      usePending.setState(Object.fromEntries(given.map((one) => [one.image_id, one])));
      sendClasses(() => put(given, onRefused), shown);
    },
  };
}

export function useGiving(projectId: string, images: readonly Image[], mayLabel: boolean): Giving {
  const listed = useListed(projectId, images);
  const steps = useSteps((s) => s[projectId] ?? NO_STEPS);
  const current = () => useSteps.getState()[projectId] ?? NO_STEPS;
  const set = (next: Steps) => useSteps.setState({ [projectId]: next });

  const change = (step: Step | null) => {
    if (!step || !mayLabel) return;
    set(recorded(current(), step));
    listed.send(step.after, () => set({ ...current(), past: current().past.filter((one) => one !== step) }));
  };
  const travel = (known: Step["after"], wanted: Step["before"], next: Steps) => {
    const found = stillSo(listed.now(), known, wanted);
    set(next);
    if (found.length < wanted.length) {
      const left = plural(wanted.length - found.length, "image");
      tell({ kind: "info", message: `${left} changed since and stayed as they are now.` });
    }
    if (found.length > 0) listed.send(found, () => undefined);
  };
  const decide = async (action: "accept" | "clear", least: number) => {
    const step = decision(listed.now(), action, least);
    try {
      await classesSent();
      const { changed } = await decideOnImages(projectId, action, least);
      if (step) set(recorded(current(), step));
      await listed.refresh();
      const what = action === "accept" ? "accepted" : "taken away";
      tell({ kind: changed > 0 ? "success" : "info", message: `${plural(changed, "suggestion")} ${what}.` });
    } catch (error) {
      tell({ kind: "error", message: messageFrom(error) });
    }
  };
  return {
    images: listed.images,
    give: (chosen, termId) =>
      change(stepTo(chosen, ({ id }) => ({ image_id: id, term_id: termId, term_score: null }))),
    accept: (chosen) => change(stepTo(chosen, agreed)),
    decide,
    undo: () => {
      const step = current().past.at(-1);
      if (step && mayLabel) travel(step.after, step.before, undone(current()));
    },
    redo: () => {
      const step = current().future.at(-1);
      if (step && mayLabel) travel(step.before, step.after, redone(current()));
    },
    canUndo: mayLabel && steps.past.length > 0,
    canRedo: mayLabel && steps.future.length > 0,
  };
}

const agreed = ({ id, term_id }: Image): ImageClass => ({ image_id: id, term_id, term_score: null });

/** What agreeing to all suggestions that are so certain changes, or taking all away. */
function decision(images: readonly Image[], action: "accept" | "clear", least: number): Step | null {
  if (action === "clear") {
    return stepTo(images.filter(isSuggested), ({ id }) => ({
      image_id: id,
      term_id: null,
      term_score: null,
    }));
  }
  const certain = images.filter((one) => isSuggested(one) && (one.term_score ?? 0) >= least);
  return stepTo(certain, agreed);
}
