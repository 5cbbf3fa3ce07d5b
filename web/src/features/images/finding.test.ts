import { expect, it } from "vitest";
import type { Image } from "../../api/types";
import { foundImages } from "./finding";

const images = ["Liver 10.tif", "liver 2.tif", "Kidney 3.tif", "liver 1.tif"].map(
  (name, at) => ({ id: String(at), name }) as Image,
);
const names = (words: string, order: "added" | "newest" | "name") =>
  foundImages(images, { words, order }).map(({ name }) => name);

it("finds names with all the words, in any order and case", () => {
  expect(names("LIVER", "added")).toEqual(["Liver 10.tif", "liver 2.tif", "liver 1.tif"]);
  expect(names(" 3  kid ", "added")).toEqual(["Kidney 3.tif"]);
  expect(names("spleen", "added")).toEqual([]);
});

it("counts as people do: 2 before 10", () => {
  expect(names("", "name")).toEqual(["Kidney 3.tif", "liver 1.tif", "liver 2.tif", "Liver 10.tif"]);
});

it("shows the last added first, and leaves the list as it was", () => {
  expect(names("", "newest")).toEqual(["liver 1.tif", "Kidney 3.tif", "liver 2.tif", "Liver 10.tif"]);
  expect(images[0]?.name).toBe("Liver 10.tif");
});
