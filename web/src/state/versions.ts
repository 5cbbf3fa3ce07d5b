/** What is done with the versions of something that is trained, and told where it fails. */
import { messageFrom } from "../api/http";
import { tell } from "./notices";

interface Shelf {
  /** What each is, as in "landmark detector". */
  noun: string;
  save(version: number): Promise<unknown>;
  take(file: File): Promise<{ version: number }>;
  remove(version: number): Promise<unknown>;
  refresh(): Promise<unknown>;
}

export const versionActions = ({ noun, save, take, remove, refresh }: Shelf) => ({
  onSave: (version: number) =>
    save(version).catch((error: unknown) => tell({ kind: "error", message: messageFrom(error) })),
  onTake: async (file: File) => {
    try {
      const { version } = await take(file);
      tell({ kind: "success", message: `Imported as ${noun} ${version}.` });
      await refresh();
    } catch (error) {
      tell({ kind: "error", title: "Not imported", message: messageFrom(error) });
    }
  },
  onRemove: async (version: number) => {
    try {
      await remove(version);
      void refresh();
      return true;
    } catch (error) {
      tell({ kind: "error", title: "Not removed", message: messageFrom(error) });
      return false;
    }
  },
});
