/** A list that is searched by typing and walked by the arrows: the command palette, and the classes. */
import { Modal, Text, TextInput } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { found } from "./search";

export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
  readonly mark?: ReactNode;
}

interface Props<Item extends Choice> {
  opened: boolean;
  title: string;
  placeholder: string;
  items: readonly Item[];
  testId: string;
  onChoose(item: Item): void;
  onClose(): void;
}

const MOST_SHOWN = 200;

export function SearchDialog<Item extends Choice>(props: Props<Item>) {
  const { opened, title, onClose, testId } = props;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="md"
      centered={false}
      data-testid={testId}
      transitionProps={{ duration: 0 }}
    >
      {opened ? <SearchList {...props} /> : null}
    </Modal>
  );
}

function SearchList<Item extends Choice>({ title, placeholder, items, onChoose, onClose }: Props<Item>) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = found(typed, items, ({ label, note }) => `${label} ${note ?? ""}`).slice(0, MOST_SHOWN);
  const current = Math.min(at, shown.length - 1);
  useEffect(() => {
    list.current?.children[current]?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const choose = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    onChoose(item);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((current + step + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") choose(shown[current]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        aria-label={title}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={shown[current] ? `${listId}-${shown[current].id}` : undefined}
        data-testid="search-field"
      />
      <div ref={list} id={listId} role="listbox" aria-label={title} className="search-list">
        {shown.map((item, index) => (
          <button
            type="button"
            role="option"
            id={`${listId}-${item.id}`}
            key={item.id}
            tabIndex={-1}
            aria-selected={index === current}
            className="search-row"
            onClick={() => choose(item)}
            data-testid="search-row"
          >
            {item.mark}
            <span className="ellipsis">{item.label}</span>
            {item.note ? <kbd>{item.note}</kbd> : null}
          </button>
        ))}
      </div>
      {shown.length === 0 ? (
        <Text size="sm" c="var(--text-dim)" p="sm">
          Nothing is called like that.
        </Text>
      ) : null}
    </>
  );
}
