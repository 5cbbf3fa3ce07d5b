/** What is written on the one selected object: tags, properties, a description, and whether it is locked. */
import { Button, Group, Switch, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { Annotation } from "../../api/types";
import type { Fields } from "../../outbox/change";
import { useWorkspace } from "../../state/workspace";
import { IconButton } from "../../ui/parts";
import "./details.css";
import { withoutProperty, withProperty } from "./properties";

export function DetailsEditor() {
  const selection = useWorkspace((s) => s.selection);
  const [only] = selection;
  if (!only || selection.length !== 1) return null;
  return <OneObject key={only.id} object={only} />;
}

function OneObject({ object }: { object: Annotation }) {
  const editor = useWorkspace((s) => s.editor);
  const isEditable = editor?.isEditable(object.layer_id) ?? false;
  const save = (fields: Fields) => editor?.change({ updates: [{ object, fields }] });
  return (
    <section className="details" aria-label={`Details of object ${object.id}`} data-testid="details">
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" fw={600}>
          {[`Object ${object.id}`, object.kind, object.creator].filter(Boolean).join(" · ")}
        </Text>
        <Switch
          label="Locked"
          labelPosition="left"
          checked={object.locked}
          disabled={!isEditable}
          onChange={({ currentTarget }) => save({ locked: currentTarget.checked })}
          data-testid="details-locked"
        />
      </Group>
      <TagsInput
        size="xs"
        label="Tags"
        placeholder={object.tags.length === 0 ? "Type a tag and press Enter" : ""}
        value={object.tags}
        maxTags={100}
        disabled={!isEditable}
        onChange={(tags) => save({ tags })}
        data-testid="details-tags"
      />
      <Description text={object.description} isEditable={isEditable} onSave={save} />
      <PropertyList object={object} isEditable={isEditable} onSave={save} />
    </section>
  );
}

interface PartProps {
  isEditable: boolean;
  onSave(fields: Fields): void;
}

/** Saved when one leaves the field: every letter would be an undo step. */
function Description({ text, isEditable, onSave }: PartProps & { text: string }) {
  const [draft, setDraft] = useState<string | null>(null);
  const finish = () => {
    if (draft !== null && draft !== text) onSave({ description: draft });
    setDraft(null);
  };
  return (
    <Textarea
      label="Description"
      autosize
      minRows={1}
      maxRows={5}
      maxLength={10_000}
      value={draft ?? text}
      disabled={!isEditable}
      onChange={({ currentTarget }) => setDraft(currentTarget.value)}
      onBlur={finish}
      data-testid="details-description"
    />
  );
}

function PropertyList({ object, isEditable, onSave }: PartProps & { object: Annotation }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    onSave({ properties: withProperty(object.properties, name, value) });
    setName("");
    setValue("");
  };
  return (
    <div>
      <Text size="xs" fw={500}>
        Properties
      </Text>
      {Object.entries(object.properties).map(([key, known]) => (
        <Group key={key} gap={6} wrap="nowrap" data-testid="property-row">
          <Text size="xs" className="ellipsis" flex={1} title={key}>
            {key}
          </Text>
          <Text size="xs" className="ellipsis" flex={1} title={String(known)}>
            {String(known)}
          </Text>
          {isEditable ? (
            <IconButton
              label={`Remove ${key}`}
              onClick={() => onSave({ properties: withoutProperty(object.properties, key) })}
            >
              <IconTrash size={13} aria-hidden />
            </IconButton>
          ) : null}
        </Group>
      ))}
      {isEditable ? (
        <form onSubmit={add}>
          <Group gap={6} wrap="nowrap">
            <TextInput
              aria-label="Name of the property"
              placeholder="Name"
              maxLength={100}
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
              data-testid="property-name"
            />
            <TextInput
              aria-label="Value of the property"
              placeholder="Value"
              maxLength={1000}
              value={value}
              onChange={({ currentTarget }) => setValue(currentTarget.value)}
              data-testid="property-value"
            />
            <Button
              type="submit"
              variant="default"
              flex="none"
              disabled={!name.trim()}
              data-testid="property-add"
            >
              Set
            </Button>
          </Group>
        </form>
      ) : null}
    </div>
  );
}
