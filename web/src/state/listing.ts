/** What the object list and the gallery share: which objects they show, in which order, and which are marked. */
import { useEffect } from "react";
import { create } from "zustand";
import { messageFrom } from "../api/http";
import { EVERYTHING, type ObjectFilter } from "../api/measurements";
import { annotationsOf } from "../api/objects";
import { type MarkMode, type Marks, marked, NO_MARKS } from "./marking";
import { tell } from "./notices";
import { useWorkspace, workspace } from "./workspace";

/** More marked objects than this are not drawn one by one; bulk actions take them all the same. */
export const MOST_DRAWN = 500;

export interface Listing {
  layerId: string | null;
  filter: ObjectFilter;
  marks: Marks;
}

export const useListing = create<Listing>()(() => ({ layerId: null, filter: EVERYTHING, marks: NO_MARKS }));

const listing = (): Listing => useListing.getState();

/** The last click's end, and how often one began anew. */
let turn: Promise<void> = Promise.resolve();
let beginnings = 0;

/** The filter of the layer that is listed; its marks follow what is selected in the picture. */
export function useListedFilter(layerId: string): ObjectFilter {
  useEffect(() => {
    listLayer(layerId);
    const follow = () => followSelection(layerId, workspace().selection);
    follow();
    return useWorkspace.subscribe(({ selection }, before) => {
      if (selection !== before.selection) follow();
    });
  }, [layerId]);
  return useListing((s) => (s.layerId === layerId ? s.filter : EVERYTHING));
}

/** Another layer starts with all of its objects, none marked. */
function listLayer(layerId: string): void {
  if (listing().layerId === layerId) return;
  useListing.setState({ layerId, filter: { ...listing().filter, where: {} }, marks: NO_MARKS });
}

export const setFilter = (filter: ObjectFilter): void => useListing.setState({ filter });

export function clearMarks(): void {
  beginnings += 1;
  useListing.setState({ marks: NO_MARKS });
}

/** What is selected in the picture is what is marked, unless more are marked than the picture holds. */
function followSelection(layerId: string, selected: readonly { id: number; layer_id: string }[]): void {
  const { marks } = listing();
  const ids = selected.filter(({ layer_id }) => layer_id === layerId).map(({ id }) => id);
  if (marks.ids.size > MOST_DRAWN && ids.length === 0) return;
  if (ids.length === marks.ids.size && ids.every((id) => marks.ids.has(id))) return;
  useListing.setState({
    marks: { ids: new Set(ids), anchor: ids.length === 1 ? (ids[0] ?? null) : marks.anchor },
  });
}

/**
 * Marks what was clicked and selects it in the picture; one alone is gone to.
 *
 * A range waits for the order of the list. What is clicked meanwhile comes after it, unless it begins anew.
 */
export async function mark(
  layerId: string,
  id: number,
  mode: MarkMode,
  order: () => Promise<readonly number[]>,
): Promise<void> {
  if (mode === "replace") {
    beginnings += 1;
    turn = Promise.resolve();
  }
  const beginning = beginnings;
  const isLate = () => beginning !== beginnings || listing().layerId !== layerId;
  let marks: Marks | undefined;
  const own = turn.then(async () => {
    const ids = mode === "range" && !isLate() ? await order() : [];
    if (isLate()) return;
    marks = marked(listing().marks, id, mode, ids);
    useListing.setState({ marks });
  });
  turn = own.catch(() => undefined);
  try {
    await own;
    if (marks) await draw(layerId, marks);
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}

/** Marks objects that were chosen elsewhere, on a plot say, and selects them in the picture if they are not too many. */
export async function markAll(layerId: string, ids: readonly number[]): Promise<void> {
  listLayer(layerId);
  beginnings += 1;
  const marks: Marks = { ids: new Set(ids), anchor: null };
  useListing.setState({ marks });
  try {
    await draw(layerId, marks);
  } catch (error) {
    tell({ kind: "error", message: messageFrom(error) });
  }
}

/** Selects what is marked in the picture, if nothing else was marked since and it is not too much. */
async function draw(layerId: string, marks: Marks): Promise<void> {
  if (listing().marks !== marks) return;
  const { editor } = workspace();
  const ids = [...marks.ids];
  if (ids.length === 1 && ids[0] !== undefined) return editor?.selectId(ids[0], "replace", true);
  editor?.forgetPick();
  const found = ids.length === 0 || ids.length > MOST_DRAWN ? [] : await annotationsOf(layerId, ids);
  if (listing().marks === marks) editor?.select(found);
}
