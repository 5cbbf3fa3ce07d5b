/** What can be done with everything that is marked, or with all that the filter lets through. */
import { Button, Menu, Modal, TextInput } from "@mantine/core";
import {
  IconArrowRight,
  IconCheck,
  IconChevronDown,
  IconLock,
  IconLockOpen,
  IconTag,
  IconTrash,
} from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { BulkAction, Layer, Term } from "../../api/types";
import { runBulk } from "../../state/bulk";
import { useListing } from "../../state/listing";
import { ClassItems } from "../../ui/ClassItems";
import { plural } from "../../ui/format";
import { Confirm } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";

interface Props {
  layer: Layer;
  others: readonly Layer[];
  terms: readonly Term[];
  /** How many objects the filter lets through. */
  total: number;
}

export function BulkMenu({ layer, others, terms, total }: Props) {
  const marks = useListing((s) => s.marks);
  const [asks, setAsks] = useState<"delete" | "add_tag" | "remove_tag" | null>(null);
  const count = marks.ids.size > 0 ? marks.ids.size : total;
  const what = marks.ids.size > 0 ? `${plural(count, "marked object")}` : `all ${plural(count, "object")}`;
  const run = (action: BulkAction): void => {
    setAsks(null);
    void runBulk(layer.id, action, marks.ids.size > 0 ? [...marks.ids] : undefined);
  };
  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <Button
            variant="default"
            size="compact-xs"
            rightSection={<IconChevronDown size={12} aria-hidden />}
            disabled={!layer.editable || count === 0}
            data-testid="bulk-menu"
          >
            {what}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah="60vh" style={{ overflowY: "auto" }}>
          <Menu.Label>Set the class</Menu.Label>
          <ClassItems
            classes={terms}
            plain={UNCLASSIFIED}
            testId="bulk-class"
            onChoose={(term_id) => run({ action: "set_term", term_id })}
          />
          <Entry
            icon={IconCheck}
            label="Accept the suggested classes"
            id="bulk-accept-class"
            onClick={() => run({ action: "accept_term" })}
          />
          {others.length > 0 ? <Menu.Label>Move to the layer</Menu.Label> : null}
          {others.map(({ id, name }) => (
            <Menu.Item
              key={id}
              leftSection={<IconArrowRight size={14} aria-hidden />}
              onClick={() => run({ action: "move", layer_id: id })}
              data-testid="bulk-move"
            >
              {name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Entry icon={IconTag} label="Add a tag…" id="bulk-tag" onClick={() => setAsks("add_tag")} />
          <Entry icon={IconTag} label="Remove a tag…" id="bulk-untag" onClick={() => setAsks("remove_tag")} />
          <Entry
            icon={IconLock}
            label="Lock"
            id="bulk-lock"
            onClick={() => run({ action: "set_locked", locked: true })}
          />
          <Entry
            icon={IconLockOpen}
            label="Unlock"
            id="bulk-unlock"
            onClick={() => run({ action: "set_locked", locked: false })}
          />
          <Menu.Divider />
          <Entry icon={IconTrash} label="Delete" id="bulk-delete" onClick={() => setAsks("delete")} />
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asks === "delete"}
        title="Delete objects"
        action="Delete"
        onConfirm={() => run({ action: "delete" })}
        onClose={() => setAsks(null)}
      >
        {`Delete ${what}? This can be undone with Ctrl+Z.`}
      </Confirm>
      {asks === "add_tag" || asks === "remove_tag" ? (
        <TagDialog
          title={`${asks === "add_tag" ? "Tag" : "Take a tag from"} ${what}`}
          onTag={(tag) => run({ action: asks, tag })}
          onClose={() => setAsks(null)}
        />
      ) : null}
    </>
  );
}

interface EntryProps {
  icon: typeof IconTag;
  label: string;
  id: string;
  onClick(): void;
}

const Entry = ({ icon: Icon, label, id, onClick }: EntryProps) => (
  <Menu.Item leftSection={<Icon size={14} aria-hidden />} onClick={onClick} data-testid={id}>
    {label}
  </Menu.Item>
);

interface TagDialogProps {
  title: string;
  onTag(tag: string): void;
  onClose(): void;
}

function TagDialog({ title, onTag, onClose }: TagDialogProps) {
  const [tag, setTag] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (tag.trim()) onTag(tag.trim());
  };
  return (
    <Modal opened onClose={onClose} title={title} size="sm">
      <form onSubmit={send}>
        <TextInput
          label="Tag"
          maxLength={100}
          value={tag}
          onChange={({ currentTarget }) => setTag(currentTarget.value)}
          data-autofocus
          data-testid="tag-name"
        />
        <Button type="submit" mt="sm" disabled={!tag.trim()} data-testid="tag-save">
          Apply
        </Button>
      </form>
    </Modal>
  );
}
