import { describe, expect, it } from "vitest";
import { chordOf, isTyping } from "./chords";
import { conflicts, DEFAULT_KEYMAP, keysOf, matchKey, matchKeys } from "./keymap";
import { keymapOf, PRESETS, parseKeys } from "./presets";

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
      { chord: "M", actions: ["tool.move", "x"] },
    ]);
  });

  it.each([
    [press("p"), "tool.polygon"],
    [press("P", { shiftKey: true }), "edit.interpolate"],
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

  it("lets what is under way go first, and only then", () => {
    expect(matchKey(press("q"))?.action).toBe("tool.superpixel");
    const both = matchKeys(press("q"), DEFAULT_KEYMAP, ["assist"]).map(({ action }) => action);
    expect(both).toEqual(["assist.accept", "tool.superpixel"]);
    expect(matchKey(press("n"), DEFAULT_KEYMAP, ["review"])?.action).toBe("review.reject");
  });

  it("says which digit was pressed", () => {
    expect(matchKey(press("3", { ctrlKey: true }))?.key).toBe("3");
  });

  it("writes keys for people", () => {
    expect(keysOf("edit.delete")).toBe("Del");
    expect(chordOf(press("Delete", { shiftKey: true }))).toBe("Shift+Delete");
  });
});

describe("presets", () => {
  it.each(PRESETS)(
    "$name gives no chord to two actions and names only actions that exist",
    ({ name, keys }) => {
      expect(conflicts(keymapOf(name))).toEqual([]);
      const known = DEFAULT_KEYMAP.map(({ action }) => action);
      expect(Object.keys(keys).filter((action) => !known.includes(action))).toEqual([]);
    },
  );

  it("put the user's own keys above the preset's", () => {
    expect(matchKey(press("n"), keymapOf("cvat"))?.action).toBe("tool.polygon");
    expect(matchKey(press("n"), keymapOf("cvat", { "tool.polygon": ["G"] }))).toBeNull();
  });

  it("are read back, and nonsense is left out", () => {
    const kept = JSON.stringify({
      preset: "cvat",
      own: { "tool.move": ["G"], nothing: ["X"], "tool.line": 3 },
    });
    expect(parseKeys(kept)).toEqual({ preset: "cvat", own: { "tool.move": ["G"] } });
    expect(parseKeys("{")).toEqual({ preset: "default", own: {} });
    expect(parseKeys(JSON.stringify({ preset: "vi" }))).toEqual({ preset: "default", own: {} });
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
