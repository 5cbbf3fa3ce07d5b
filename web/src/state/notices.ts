/** Messages to the user; the app shows them, whoever sends them. */
import { Signals } from "../viewer/signals";

export interface Notice {
  readonly kind: "error" | "info" | "success";
  readonly title?: string;
  readonly message: string;
  readonly action?: { label: string; run: () => void };
}

export const notices = new Signals<{ notice: Notice }>();

export const tell = (notice: Notice): void => notices.emit("notice", notice);
