/** What each image is for: to learn from, to compare before and after on, or nothing. */
import type { CorrectedImage } from "../../api/types";

export type ImageRole = "learn" | "compare" | "leave";

export const LEAST_OBJECTS = 4;
const HELD_SHARE = 0.2;

/** Images without accepted outlines are left out; of the others the last ones are held out, one in five. */
export function firstRoles(images: readonly CorrectedImage[]): ReadonlyMap<string, ImageRole> {
  const useful = images.filter(({ accepted }) => accepted > 0);
  const held = useful.length > 1 ? Math.max(1, Math.round(useful.length * HELD_SHARE)) : 0;
  const compared = new Set(useful.slice(useful.length - held).map(({ image_id }) => image_id));
  return new Map(
    images.map(({ image_id, accepted }) => [
      image_id,
      accepted === 0 ? "leave" : compared.has(image_id) ? "compare" : "learn",
    ]),
  );
}

export const idsWith = (roles: ReadonlyMap<string, ImageRole>, wanted: ImageRole): string[] =>
  [...roles].flatMap(([id, role]) => (role === wanted ? [id] : []));

/** Why training cannot begin; null where it can. */
export function problemOf(
  images: readonly CorrectedImage[],
  roles: ReadonlyMap<string, ImageRole>,
): string | null {
  const learnt = images
    .filter(({ image_id }) => roles.get(image_id) === "learn")
    .reduce((sum, { accepted }) => sum + accepted, 0);
  if (learnt >= LEAST_OBJECTS) return null;
  return `Accept or draw at least ${LEAST_OBJECTS} outlines on images to learn from; 50 or more make a better start.`;
}
