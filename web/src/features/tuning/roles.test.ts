import { describe, expect, it } from "vitest";
import type { CorrectedImage } from "../../api/types";
import { firstRoles, idsWith, problemOf } from "./roles";

const image = (image_id: string, accepted: number): CorrectedImage => ({
  image_id,
  name: image_id,
  accepted,
  open: 0,
  rejected: 0,
});

describe("roles of images", () => {
  it("holds the last one in five out, and leaves out what has no accepted outline", () => {
    const images = [image("a", 3), image("b", 0), image("c", 2), image("d", 9)];
    const roles = firstRoles(images);
    expect(idsWith(roles, "learn")).toEqual(["a", "c"]);
    expect(idsWith(roles, "compare")).toEqual(["d"]);
    expect(idsWith(roles, "leave")).toEqual(["b"]);
  });

  it("learns from the only image: the server divides it", () => {
    expect(idsWith(firstRoles([image("a", 30)]), "learn")).toEqual(["a"]);
  });

  it("tells when there is too little to learn from", () => {
    const images = [image("a", 3), image("b", 50)];
    expect(problemOf(images, firstRoles(images))).toContain("at least 4");
    expect(
      problemOf(
        images,
        new Map([
          ["a", "compare"],
          ["b", "learn"],
        ]),
      ),
    ).toBeNull();
  });
});
