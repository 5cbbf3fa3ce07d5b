/** The classes of a project: names, colours, keys. */
import { Button, ColorInput, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { upserted } from "../../api/events";
import { createTerm, deleteTerm, ontologyQuery, projectKeys, updateTerm } from "../../api/projects";
import type { Ontology, Term, TermUpdate } from "../../api/types";
import { Confirm, IconButton, PanelEmpty } from "../../ui/parts";
import { CLASS_COLORS } from "../../ui/theme";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

const freeColor = (terms: readonly Term[]): string =>
  CLASS_COLORS.find((color) => !terms.some((term) => term.color.toLowerCase() === color)) ?? CLASS_COLORS[0];

const freeKey = (terms: readonly Term[]): string | null =>
  KEYS.find((key) => !terms.some((term) => term.hotkey === key)) ?? null;

export function OntologyDialog({ projectId, onClose }: { projectId: string; onClose(): void }) {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const [doomed, setDoomed] = useState<Term | null>(null);
  const terms = ontology?.terms ?? [];
  return (
    <>
      <Modal opened onClose={onClose} title="Classes of objects" size="lg" data-testid="ontology">
        <Stack gap={6}>
          {terms.length === 0 ? <PanelEmpty>No classes yet. Add the first one below.</PanelEmpty> : null}
          {terms.map((term) => (
            <TermRow
              key={term.id}
              projectId={projectId}
              term={term}
              terms={terms}
              onDelete={() => setDoomed(term)}
            />
          ))}
          <NewTerm projectId={projectId} terms={terms} />
        </Stack>
      </Modal>
      {doomed ? <DeleteTerm projectId={projectId} term={doomed} onClose={() => setDoomed(null)} /> : null}
    </>
  );
}

function useRefresh(projectId: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: projectKeys.ontology(projectId) });
}

interface TermRowProps {
  projectId: string;
  term: Term;
  terms: readonly Term[];
  onDelete(): void;
}

function TermRow({ projectId, term, terms, onDelete }: TermRowProps) {
  const [name, setName] = useState(term.name);
  const [color, setColor] = useState(term.color);
  const save = useMutation({
    mutationFn: (change: TermUpdate) => updateTerm(term.id, change),
    onSettled: useRefresh(projectId),
  });
  const saveName = () => {
    if (name.trim() && name !== term.name) save.mutate({ name: name.trim() });
    else setName(term.name);
  };
  return (
    <Group gap={6} wrap="nowrap" data-testid="term-row" data-term-id={term.id} align="flex-start">
      <TextInput
        flex={1}
        aria-label="Name"
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
        onBlur={saveName}
        onKeyDown={(e) => e.key === "Enter" && saveName()}
        data-testid="term-name"
      />
      <ColorInput
        w={124}
        size="xs"
        aria-label={`Colour of ${term.name}`}
        value={color}
        onChange={setColor}
        onChangeEnd={(value) =>
          /^#[0-9a-f]{6}$/i.test(value) && value !== term.color && save.mutate({ color: value })
        }
        swatches={[...CLASS_COLORS]}
      />
      <HotkeyInput term={term} terms={terms} onChange={(hotkey) => save.mutate({ hotkey })} />
      <IconButton label={`Delete ${term.name}`} color="red" size="md" onClick={onDelete} testId="term-delete">
        <IconTrash size={15} />
      </IconButton>
    </Group>
  );
}

interface HotkeyProps {
  term: Term;
  terms: readonly Term[];
  onChange(hotkey: string): void;
}

function HotkeyInput({ term, terms, onChange }: HotkeyProps) {
  const [key, setKey] = useState(term.hotkey ?? "");
  const other = terms.find(
    (t) => t.id !== term.id && t.hotkey && t.hotkey.toUpperCase() === key.toUpperCase(),
  );
  const write = (text: string) => {
    const typed = text.slice(-1).trim();
    setKey(typed);
    const isTaken = terms.some(
      (t) => t.id !== term.id && t.hotkey && t.hotkey.toUpperCase() === typed.toUpperCase(),
    );
    if (!isTaken && typed !== (term.hotkey ?? "")) onChange(typed);
  };
  return (
    <TextInput
      w={74}
      aria-label={`Key of ${term.name}`}
      placeholder="key"
      value={key}
      error={other ? `is ${other.name}` : null}
      onChange={(e) => write(e.currentTarget.value)}
      data-testid="term-hotkey"
    />
  );
}

function NewTerm({ projectId, terms }: { projectId: string; terms: readonly Term[] }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const color = chosen ?? freeColor(terms);
  const add = useMutation({
    mutationFn: (wanted: string) => createTerm(projectId, { name: wanted, color, hotkey: freeKey(terms) }),
    // Cleared at once: whoever types on while the server answers must not lose what they typed.
    onMutate: () => {
      setName("");
      setChosen(null);
    },
    onError: (_error, wanted) => setName((now) => now || wanted),
    onSuccess: (term) => {
      client.setQueryData<Ontology>(projectKeys.ontology(projectId), (old) =>
        old ? { ...old, terms: upserted(old.terms, term) } : old,
      );
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) add.mutate(name.trim());
  };
  return (
    <Group component="form" onSubmit={submit} gap={6} wrap="nowrap" mt="sm">
      <TextInput
        flex={1}
        aria-label="Name of the new class"
        placeholder="New class, for example: nucleus"
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
        data-testid="term-new-name"
      />
      <ColorInput
        w={124}
        size="xs"
        aria-label="Colour of the new class"
        value={color}
        onChange={setChosen}
        swatches={[...CLASS_COLORS]}
      />
      <Button
        type="submit"
        leftSection={<IconPlus size={13} />}
        disabled={!name.trim()}
        loading={add.isPending}
        data-testid="term-add"
      >
        Add
      </Button>
    </Group>
  );
}

function DeleteTerm({ projectId, term, onClose }: { projectId: string; term: Term; onClose(): void }) {
  const refresh = useRefresh(projectId);
  const remove = useMutation({
    mutationFn: () => deleteTerm(term.id),
    onSuccess: () => refresh(),
    onSettled: onClose,
  });
  return (
    <Confirm
      opened
      title={`Delete the class "${term.name}"?`}
      action="Delete class"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Text component="span" size="sm">
        Its objects stay and become unclassified.
      </Text>
    </Confirm>
  );
}
