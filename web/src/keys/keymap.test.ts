import { describe, expect, it } from "vitest";
import { chordOf, conflicts, DEFAULT_KEYMAP, isTyping, keysOf, matchKey } from "./keymap";

const press = (
  key: string,
  held: Partial<Record<"ctrlKey" | "shiftKey" | "altKey" | "metaKey", boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

describe("the default keymap", () => {
  it("gives no chord to two actions", () => {
    expect(conflicts(DEFAULT_KEYMAP)).toEqual([]);
    expect(conflicts([...DEFAULT_KEYMAP, { action: "x", keys: ["M"], label: "", group: "App" }])).toEqual([
      "M",
    ]);
  });

  it.each([
    [press("p"), "tool.polygon"],
    [press("P", { shiftKey: true }), undefined],
    [press("."), "tool.point"],
    [press("F2"), "tool.freehand"],
    [press("z", { ctrlKey: true }), "edit.undo"],
    [press("Z", { ctrlKey: true, shiftKey: true }), "edit.redo"],
    [press("z", { metaKey: true }), "edit.undo"],
    [press("?", { shiftKey: true }), "app.shortcuts"],
    [press(" "), "view.pan"],
    [press("3", { ctrlKey: true }), "channel"],
    [press("3"), "class"],
    [press("ArrowUp"), "plane.up"],
    [press("y"), undefined],
  ])("reads %o as %s", (event, action) => {
    expect(matchKey(event)?.action).toBe(action);
  });

  it("says which digit was pressed", () => {
    expect(matchKey(press("3", { ctrlKey: true }))?.key).toBe("3");
  });

  it("writes keys for people", () => {
    expect(keysOf("edit.delete")).toBe("Del");
    expect(chordOf(press("Delete", { shiftKey: true }))).toBe("Shift+Delete");
  });
});

describe("isTyping", () => {
  it("is true in fields and false on buttons, sliders and the page", () => {
    const make = (tag: string, type?: string) => {
      const element = document.createElement(tag);
      if (type) element.setAttribute("type", type);
      return element;
    };
    expect(isTyping(make("input", "text"))).toBe(true);
    expect(isTyping(make("textarea"))).toBe(true);
    expect(isTyping(make("input", "range"))).toBe(false);
    expect(isTyping(make("button"))).toBe(false);
    expect(isTyping(null)).toBe(false);
  });
});
