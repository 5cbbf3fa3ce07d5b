import { describe, expect, it } from "vitest";
import { AS_RECORDED, amountsOf, colourOf, recolour, STAINS } from "./stains";

const bytes = (...pixels: number[][]): Uint8ClampedArray => Uint8ClampedArray.from(pixels.flat());

describe("colour deconvolution", () => {
  it.each(STAINS)("finds %s where there is nothing else", (stain) => {
    const amounts = amountsOf(colourOf(stain, 0.8) as [number, number, number]);
    for (const other of STAINS) expect(amounts[other]).toBeCloseTo(other === stain ? 0.8 : 0, 6);
  });

  it("adds up: the dyes together have the colour of the pixel", () => {
    const pixel: [number, number, number] = [150, 80, 170];
    const amounts = amountsOf(pixel);
    const product = [0, 1, 2].map((c) =>
      STAINS.reduce((all, stain) => {
        const one = colourOf(stain, Math.abs(amounts[stain]))[c] ?? 255;
        return all * (amounts[stain] < 0 ? 255 / one : one / 255);
      }, 255),
    );
    for (const [c, value] of product.entries()) expect(value).toBeCloseTo(pixel[c] ?? 0, 6);
  });

  it("agrees with scikit-image's separation into the same three dyes", () => {
    // skimage.color.rgb2hed of this pixel (uint8) gives 0.04893451, 0.04241084, 0.01345172 in its own unit, which is
    // ln(1e6) times ours, for directions of lengths 0.99829855, 0.99854895, 1.00309521
    const { haematoxylin, eosin, dab } = amountsOf([150, 80, 170]);
    expect(haematoxylin).toBeCloseTo(0.6749, 3);
    expect(eosin).toBeCloseTo(0.5851, 3);
    expect(dab).toBeCloseTo(0.1864, 3);
  });
});

describe("views", () => {
  it("show one dye in its colour, and glass as white", () => {
    const violet = colourOf("haematoxylin", 1).map(Math.round);
    const data = bytes([...violet, 255], [255, 255, 255, 255]);
    const eosin = data.slice();
    recolour(data, { name: "haematoxylin", level: 0 });
    for (const [c, value] of violet.entries())
      expect(Math.abs((data[c] ?? 0) - value)).toBeLessThanOrEqual(1);
    expect([...data.slice(4)]).toEqual([255, 255, 255, 255]);
    recolour(eosin, { name: "eosin", level: 0 });
    for (const value of eosin) expect(value).toBeGreaterThan(252);
  });

  it("part dark from bright at the level", () => {
    const data = bytes([100, 100, 100, 255], [101, 101, 101, 255]);
    recolour(data, { name: "threshold", level: 101 });
    expect([...data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  });

  it("leave what is beside the picture, and the picture as recorded", () => {
    const clear = bytes([0, 0, 0, 0]);
    recolour(clear, { name: "eosin", level: 0 });
    recolour(clear, { name: "threshold", level: 200 });
    expect([...clear]).toEqual([0, 0, 0, 0]);
    const data = bytes([12, 34, 56, 255]);
    recolour(data, AS_RECORDED);
    expect([...data]).toEqual([12, 34, 56, 255]);
  });
});
