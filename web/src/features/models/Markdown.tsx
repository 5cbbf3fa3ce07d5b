/** A card, drawn from data: React escapes every word, and pictures come from the model alone. */
import { Anchor, Code, Table } from "@mantine/core";
import { createElement, Fragment } from "react";
import { type Block, blocksOf, type Inline } from "./markdown";

interface Props {
  text: string;
  /** The address of one of the model's own pictures; null for any other. */
  pictureOf(source: string): string | null;
}

type Drawn = Pick<Props, "pictureOf">;

export function Markdown({ text, pictureOf }: Props) {
  return (
    <div className="markdown">
      {keyed(blocksOf(text)).map(([key, block]) => (
        <BlockView key={key} block={block} pictureOf={pictureOf} />
      ))}
    </div>
  );
}

/** Parts never move: their place is their key. */
const keyed = <Item,>(items: readonly Item[]): [number, Item][] => [...items.entries()];

function BlockView({ block, pictureOf }: { block: Block } & Drawn) {
  const inlines = (parts: Inline[]) => <Inlines parts={parts} pictureOf={pictureOf} />;
  switch (block.kind) {
    case "heading":
      // the page has its own first heading
      return createElement(`h${Math.min(6, block.level + 1)}`, null, inlines(block.inlines));
    case "paragraph":
      return <p>{inlines(block.inlines)}</p>;
    case "code":
      return <Code block>{block.text}</Code>;
    case "list":
      return createElement(
        block.isOrdered ? "ol" : "ul",
        null,
        keyed(block.items).map(([key, item]) => <li key={key}>{inlines(item)}</li>),
      );
    case "table":
      return <TableView head={block.head} rows={block.rows} pictureOf={pictureOf} />;
  }
}

function TableView({ head, rows, pictureOf }: { head: Inline[][]; rows: Inline[][][] } & Drawn) {
  const hasHead = head.some((cell) => cell.length > 0);
  return (
    <div className="markdown-table">
      <Table fz="xs" withRowBorders verticalSpacing={4}>
        {hasHead ? (
          <Table.Thead>
            <Table.Tr>
              {keyed(head).map(([key, cell]) => (
                <Table.Th key={key}>
                  <Inlines parts={cell} pictureOf={pictureOf} />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
        ) : null}
        <Table.Tbody>
          {keyed(rows).map(([number, row]) => (
            <Table.Tr key={number}>
              {keyed(row).map(([key, cell]) => (
                <Table.Td key={key}>
                  <Inlines parts={cell} pictureOf={pictureOf} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Inlines({ parts, pictureOf }: { parts: Inline[] } & Drawn) {
  return keyed(parts).map(([key, part]) => (
    <Fragment key={key}>
      <InlineView part={part} pictureOf={pictureOf} />
    </Fragment>
  ));
}

function InlineView({ part, pictureOf }: { part: Inline } & Drawn) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <Code>{part.text}</Code>;
    case "strong":
      return <strong>{part.text}</strong>;
    case "emphasis":
      return <em>{part.text}</em>;
    case "link":
      return (
        <Anchor href={part.href} target="_blank" rel="noreferrer noopener" inherit underline="always">
          {part.text}
        </Anchor>
      );
    case "image": {
      const address = pictureOf(part.source);
      return address ? (
        <img className="model-picture" src={address} alt={part.text} loading="lazy" />
      ) : (
        part.text
      );
    }
  }
}
