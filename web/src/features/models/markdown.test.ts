import { expect, test } from "vitest";
import { blocksOf, inlinesOf } from "./markdown";

test("a card becomes headings, paragraphs, tables, lists and code", () => {
  const card = [
    "# Nuclei",
    "",
    "Finds `nuclei`,",
    "in **every** image.",
    "",
    "| Images | DSB score |",
    "| --- | --- |",
    "| all | 0.620 |",
    "",
    "- one",
    "- two",
    "  goes on",
    "",
    "```",
    "# no heading",
    "```",
  ].join("\n");
  const blocks = blocksOf(card);
  expect(blocks.map(({ kind }) => kind)).toEqual(["heading", "paragraph", "table", "list", "code"]);
  expect(blocks[1]).toEqual({
    kind: "paragraph",
    inlines: [
      { kind: "text", text: "Finds " },
      { kind: "code", text: "nuclei" },
      { kind: "text", text: ", in " },
      { kind: "strong", text: "every" },
      { kind: "text", text: " image." },
    ],
  });
  expect(blocks[2]).toMatchObject({ head: [[{ text: "Images" }], [{ text: "DSB score" }]] });
  expect(blocks[3]).toMatchObject({
    isOrdered: false,
    items: [[{ text: "one" }], [{ text: "two goes on" }]],
  });
});

test("a table without names keeps its empty cells", () => {
  const [table] = blocksOf("| | |\n| --- | --- |\n| Seed | 1 |");
  expect(table).toMatchObject({
    kind: "table",
    head: [[], []],
    rows: [[[{ text: "Seed" }], [{ text: "1" }]]],
  });
});

test("HTML and addresses that are no web pages stay text", () => {
  expect(inlinesOf("<img src=x onerror=alert(1)>")).toEqual([
    { kind: "text", text: "<img src=x onerror=alert(1)>" },
  ]);
  expect(inlinesOf("[a](javascript:alert)")).toEqual([{ kind: "text", text: "a" }]);
  expect(inlinesOf("[a](data:text/html,x)")).toEqual([{ kind: "text", text: "a" }]);
  expect(inlinesOf("[a](https://example.org/x)")).toEqual([
    { kind: "link", text: "a", href: "https://example.org/x" },
  ]);
});

test("odd cards end", () => {
  for (const odd of ["", "```", "|", "|\n|-|", "#", "- ", "**", "\n\n\n", "| a |\n| - |"]) {
    expect(Array.isArray(blocksOf(odd))).toBe(true);
  }
  expect(blocksOf("```\nopen")).toEqual([{ kind: "code", text: "open" }]);
});
