import { describe, expect, it } from "vitest";
import { printed } from "./chords";
import { type Binding, DEFAULT_KEYMAP, GROUPS } from "./keymap";
import { keymapOf, PRESETS } from "./presets";

const keys = ({ keys: all }: Binding): string =>
  all.length > 3
    ? `\`${printed(all[0] ?? "")}\` to \`${printed(all.at(-1) ?? "")}\``
    : all.map((key) => `\`${printed(key)}\``).join(" or ");

const CELL = /\|/g;

/** The page of the documentation that lists the keys. */
function page(): string {
  const others = PRESETS.filter(({ name }) => name !== "default");
  const maps = others.map(({ name }) => new Map(keymapOf(name).map((one) => [one.action, one])));
  const row = (binding: Binding): string => {
    const cells = maps.map((map) => {
      const other = map.get(binding.action);
      return other && keys(other) !== keys(binding) ? keys(other) : "";
    });
    return `| ${[binding.label.replace(CELL, "\\|"), keys(binding), ...cells].join(" | ")} |`;
  };
  const head = ["what", "Default", ...others.map(({ label }) => label)];
  const sections = GROUPS.map((group) => {
    const rows = DEFAULT_KEYMAP.filter((binding) => binding.group === group).map(row);
    const table = [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...rows];
    return `## ${group}\n\n${table.join("\n")}\n`;
  });
  return [
    "# Keyboard shortcuts\n",
    "Made from the keymap of the web app (`npx vitest run -u src/keys` in `web/` writes it anew). Every key can be changed",
    "in the app: press `?`. The other columns show where a preset differs; no key works while you type in a field.\n",
    "Keys under *Assist* work while a suggestion is shown, those under *Review* and *Labelling* while the tab Review or",
    "Classify is open; they then go before others with the same key. With Shift, Alt, Shift+Alt or Ctrl+Shift held when a stroke begins, it adds to the",
    "selected object, takes away from it, keeps the overlap, or leaves out the neighbours.\n",
    ...sections,
  ].join("\n");
}

describe("the reference of the keys", () => {
  it("is what the documentation says", async () => {
    await expect(page()).toMatchFileSnapshot("../../../docs/reference/shortcuts.md");
  });

  it("is what the tests in a browser go through", async () => {
    const rows = DEFAULT_KEYMAP.map(({ action, keys: all }) => JSON.stringify({ action, keys: all }));
    await expect(`[\n  ${rows.join(",\n  ")}\n]\n`).toMatchFileSnapshot("../../../tests/e2e/keymap.json");
  });
});
