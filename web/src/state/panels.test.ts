import { describe, expect, it } from "vitest";
import { parsePanels, widthWithin } from "./panels";

describe("the panels", () => {
  it("are as they were left", () => {
    expect(parsePanels('{"left":false,"right":true,"rightPx":500}')).toEqual({
      left: false,
      right: true,
      rightPx: 500,
    });
  });

  it.each([null, "", "{", "7", "[]", '{"rightPx":"wide"}'])("are as usual for %j", (text) => {
    expect(parsePanels(text)).toEqual({ left: true, right: true, rightPx: 388 });
  });

  it("leave room for the picture", () => {
    expect(widthWithin(5000)).toBe(720);
    expect(widthWithin(3)).toBe(300);
  });
});
