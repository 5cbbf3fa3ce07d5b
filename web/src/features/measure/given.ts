/** Says how many objects got another class, and where. */
import type { TermsGiven } from "../../api/types";
import { tell } from "../../state/notices";
import { plural } from "../../ui/format";

export function tellGiven({ changed, locked, images }: TermsGiven): void {
  const where = images > 1 ? ` in ${images} images, a step in each` : "";
  const spared = locked > 0 ? ` ${plural(locked, "locked object")} left as before.` : "";
  tell({ kind: "success", message: `${plural(changed, "object")} changed${where}.${spared}` });
}
