import { describe, expect, it } from "vitest";
import { picture } from "../pixels/testing";
import { applied, composed, gridOf, IDENTITY, inverse, type Matrix, matrixOf, sampled, toned } from "./crop";

const turned: Matrix = [0, 1, -1, 0, 30, 2];

describe("matrices", () => {
  it("go there and back", () => {
    const [x, y] = applied(inverse(turned), applied(turned, [3, 4]));
    expect([x, y]).toEqual([3, 4]);
    expect(applied(composed(turned, [2, 0, 0, 2, 1, 0]), [1, 1])).toEqual(applied(turned, [3, 2]));
  });

  it("are read from CSS", () => {
    expect(matrixOf("matrix(0.5, 0, 0, 0.5, -10, 4)")).toEqual([0.5, 0, 0, 0.5, -10, 4]);
    expect(matrixOf("")).toEqual(IDENTITY);
    expect(matrixOf("matrix(1, x)")).toEqual(IDENTITY);
  });
});

describe("gridOf", () => {
  it("takes whole image pixels where the view is close", () => {
    expect(gridOf([2.4, 3.6, 10.2, 9.1], 0.25)).toEqual({ x: 2, y: 3, step: 1, width: 9, height: 7 });
  });

  it("takes the screen's pixels where it is far, and never too many", () => {
    expect(gridOf([0, 0, 100, 50], 5)).toEqual({ x: 0, y: 0, step: 5, width: 20, height: 10 });
    const huge = gridOf([0, 0, 40_000, 40_000], 1);
    expect(huge.width * huge.height).toBeLessThanOrEqual(2_000_000);
  });

  it("has nothing of an empty box", () => {
    expect(gridOf([5, 5, 5, 5], 1).width).toBe(0);
    expect(gridOf([9, 9, 2, 2], 1).width).toBe(0);
  });
});

describe("sampled", () => {
  const from = picture(8, 6, (x, y) => [x * 10, y * 10, 7]);

  it("keeps the pixels where nothing changes", () => {
    expect(sampled(from, IDENTITY, 8, 6).data).toEqual(from.data);
  });

  it("has the pixel's own value of an enlarged picture", () => {
    const large = picture(80, 60, (x, y) => [Math.floor(x / 10) * 20, Math.floor(y / 10) * 20, 0]);
    const back = sampled(large, [10, 0, 0, 10, 0, 0], 8, 6);
    for (let i = 0; i < 48; i += 1)
      expect([back.data[i * 4], back.data[i * 4 + 1]]).toEqual([(i % 8) * 20, Math.floor(i / 8) * 20]);
  });

  it("undoes a turn", () => {
    // the view shows the image turned by a quarter: view pixel (x, y) is image pixel (y, 8 - x)
    const view = sampled(from, [0, -1, 1, 0, 0, 6], 6, 8);
    const toView: Matrix = inverse([0, -1, 1, 0, 0, 6]);
    expect(sampled(view, toView, 8, 6).data).toEqual(from.data);
  });

  it("is clear outside", () => {
    const shifted = sampled(from, [1, 0, 0, 1, -4, 0], 8, 6);
    expect(shifted.data[3]).toBe(0);
    expect(shifted.data[4 * 4 + 3]).toBe(255);
    const holed = picture(2, 1, () => 9);
    holed.data[3] = 0;
    expect(sampled(holed, IDENTITY, 2, 1).data[3]).toBe(0);
  });
});

describe("toned", () => {
  it("brightens, then stretches", () => {
    const one = picture(1, 1, () => [100, 200, 20]);
    expect([...toned(one, { brightness: 1.5, contrast: 2 }).data]).toEqual([172, 255, 0, 255]);
    expect(toned(one, { brightness: 1, contrast: 1 }).data).toBe(one.data);
  });
});
