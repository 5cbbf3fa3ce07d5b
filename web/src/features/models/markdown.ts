/** Markdown as data: what is not understood stays text, so nothing in a card can become a part of the page. */

export type Inline =
  | { kind: "text" | "code" | "strong" | "emphasis"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "image"; text: string; source: string };

export type Block =
  | { kind: "heading"; level: number; inlines: Inline[] }
  | { kind: "paragraph"; inlines: Inline[] }
  | { kind: "list"; isOrdered: boolean; items: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] };

const INLINE =
  /`([^`]+)`|!\[([^\]]*)\]\(([^()\s]+)\)|\[([^\]]+)\]\(([^()\s]+)\)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g;

export function inlinesOf(text: string): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, alt, source, label, href, strong, emphasis] = match;
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    from = match.index + whole.length;
    if (code !== undefined) found.push({ kind: "code", text: code });
    else if (source !== undefined) found.push({ kind: "image", text: alt ?? "", source });
    else if (href !== undefined && label !== undefined) found.push(linkOf(label, href));
    else if (strong !== undefined) found.push({ kind: "strong", text: strong });
    else if (emphasis !== undefined) found.push({ kind: "emphasis", text: emphasis });
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

/** Only addresses of the web are followed; others, scripts among them, stay words. */
const linkOf = (text: string, href: string): Inline =>
  /^https?:\/\//i.test(href) ? { kind: "link", text, href } : { kind: "text", text };

const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const RULE = /^\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?\|?\s*$/;

export function blocksOf(markdown: string): Block[] {
  const lines = markdown.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const { block, next } = blockAt(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

interface Step {
  block: Block | null;
  next: number;
}

function blockAt(lines: readonly string[], at: number): Step {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { block: null, next: at + 1 };
  if (line.startsWith("```")) return codeAt(lines, at);
  const heading = HEADING.exec(line);
  if (heading?.[1] && heading[2]) {
    return {
      block: { kind: "heading", level: heading[1].length, inlines: inlinesOf(heading[2]) },
      next: at + 1,
    };
  }
  if (line.includes("|") && RULE.test(lines[at + 1] ?? "")) return tableAt(lines, at);
  if (ITEM.test(line)) return listAt(lines, at);
  const next = endOf(lines, at + 1, startsBlock);
  return { block: { kind: "paragraph", inlines: inlinesOf(lines.slice(at, next).join(" ")) }, next };
}

const startsBlock = (line: string): boolean =>
  line.trim() === "" || line.startsWith("```") || HEADING.test(line) || ITEM.test(line);

function endOf(lines: readonly string[], from: number, isEnd: (line: string) => boolean): number {
  const found = lines.findIndex((line, index) => index >= from && isEnd(line));
  return found === -1 ? lines.length : found;
}

function codeAt(lines: readonly string[], at: number): Step {
  const end = endOf(lines, at + 1, (line) => line.startsWith("```"));
  return { block: { kind: "code", text: lines.slice(at + 1, end).join("\n") }, next: end + 1 };
}

function listAt(lines: readonly string[], at: number): Step {
  const end = endOf(lines, at + 1, (line) => line.trim() === "" || HEADING.test(line));
  const items: string[] = [];
  for (const line of lines.slice(at, end)) {
    const item = ITEM.exec(line)?.[2];
    if (item !== undefined) items.push(item);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const isOrdered = ITEM.exec(lines[at] ?? "")?.[1] !== undefined;
  return { block: { kind: "list", isOrdered, items: items.map(inlinesOf) }, next: end };
}

function tableAt(lines: readonly string[], at: number): Step {
  const end = endOf(lines, at + 2, (line) => !line.includes("|"));
  const rows = lines.slice(at + 2, end).map(cellsOf);
  return { block: { kind: "table", head: cellsOf(lines[at] ?? ""), rows }, next: end };
}

const cellsOf = (line: string): Inline[][] =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => inlinesOf(cell.trim()));
