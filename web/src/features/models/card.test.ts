import { expect, test } from "vitest";
import { cardBody, picturesOutside } from "./card";

test("a heading that repeats the title is left out", () => {
  expect(cardBody("# Nuclei\n\nFinds nuclei.\n", "Nuclei")).toBe("Finds nuclei.");
  expect(cardBody("# Another name\n\nText", "Nuclei")).toBe("# Another name\n\nText");
  expect(cardBody("", "Nuclei")).toBe("");
});

test("pictures that the card names are not shown twice", () => {
  expect(picturesOutside("![x](cover.png)", ["cover.png", "failures.png"])).toEqual(["failures.png"]);
});
