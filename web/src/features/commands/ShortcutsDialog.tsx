/** Every key, made from the keymap in use; each can be changed, with a warning where two actions claim it. */
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Modal,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Tooltip,
} from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { chordOf, printed } from "../../keys/chords";
import { type Binding, conflicts, DEFAULT_KEYMAP, GROUPS } from "../../keys/keymap";
import { PRESETS } from "../../keys/presets";
import { bindKeys, choosePreset, resetAllKeys, resetKeys, useKeySettings } from "../../state/keys";
import { setWheelPans, useWheel } from "../../state/wheel";

const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta"]);

const labelOf = (action: string): string =>
  DEFAULT_KEYMAP.find((binding) => binding.action === action)?.label ?? action;

export function ShortcutsDialog({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { preset, own, keymap } = useKeySettings();
  const wheelPans = useWheel((s) => s.pans);
  const [editing, setEditing] = useState<string | null>(null);
  const clashes = conflicts(keymap);
  useCapture(editing, () => setEditing(null));
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard shortcuts"
      size="70rem"
      closeOnEscape={editing === null}
      data-testid="shortcuts"
    >
      <Group mb="md" align="end">
        <Select
          label="Keys as in"
          size="xs"
          data={PRESETS.map(({ name, label }) => ({ value: name, label }))}
          value={preset}
          allowDeselect={false}
          onChange={(value) => choosePreset(value ?? "default")}
          data-testid="key-preset"
        />
        <Button
          size="xs"
          variant="default"
          disabled={preset === "default" && Object.keys(own).length === 0}
          onClick={resetAllKeys}
        >
          Reset all
        </Button>
        <Text size="xs" c="var(--text-dim)">
          Click keys to change them; press Esc to leave them as they are.
        </Text>
      </Group>
      <Switch
        mb="md"
        size="xs"
        label="Trackpad: two fingers pan, a pinch or Ctrl with the wheel zooms"
        checked={wheelPans}
        onChange={(event) => setWheelPans(event.currentTarget.checked)}
        data-testid="wheel-pans"
      />
      {clashes.map(({ chord, actions }) => (
        <Alert key={chord} color="orange" mb="xs" p="xs" data-testid="key-conflict">
          {printed(chord)} is used twice: {actions.map(labelOf).join(" and ")}. Only the first works.
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="xl">
        {GROUPS.map((group) => (
          <Stack key={group} gap={3}>
            <Text fw={600} size="xs" tt="uppercase" c="var(--text-dim)">
              {group}
            </Text>
            {keymap
              .filter((binding) => binding.group === group)
              .map((binding) => (
                <BindingRow
                  key={binding.action}
                  binding={binding}
                  isOwn={binding.action in own}
                  isEditing={editing === binding.action}
                  onEdit={() => setEditing(binding.action)}
                />
              ))}
          </Stack>
        ))}
      </SimpleGrid>
    </Modal>
  );
}

/** The next press becomes the action's only key. */
function useCapture(action: string | null, done: () => void): void {
  useEffect(() => {
    if (!action) return;
    const down = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      if (MODIFIERS.has(event.key)) return;
      if (event.key !== "Escape") bindKeys(action, [chordOf(event)]);
      done();
    };
    window.addEventListener("keydown", down, { capture: true });
    return () => window.removeEventListener("keydown", down, { capture: true });
  }, [action, done]);
}

interface RowProps {
  binding: Binding;
  isOwn: boolean;
  isEditing: boolean;
  onEdit(): void;
}

function shown({ keys }: Binding): string[] {
  const [first] = keys;
  const last = keys.at(-1);
  return keys.length > 3 && first && last ? [`${printed(first)} … ${printed(last)}`] : keys.map(printed);
}

function BindingRow({ binding, isOwn, isEditing, onEdit }: RowProps) {
  const { action, label } = binding;
  // keys that come in a row, as those of classes, are not changed one by one
  const isSeries = binding.keys.length > 3;
  return (
    <Group justify="space-between" wrap="nowrap" gap="md">
      <Text size="xs">{label}</Text>
      <Group gap={4} wrap="nowrap">
        {isOwn ? (
          <Tooltip label="As it was">
            <ActionIcon size="xs" aria-label={`Reset the key of ${label}`} onClick={() => resetKeys(action)}>
              <IconArrowBackUp size={12} />
            </ActionIcon>
          </Tooltip>
        ) : null}
        <button
          type="button"
          className="key-button"
          disabled={isSeries}
          onClick={onEdit}
          aria-label={`Keys of ${label}: ${shown(binding).join(", ") || "none"}`}
          data-testid={`key-${action}`}
        >
          {isEditing ? <em>press a key</em> : shown(binding).map((key) => <kbd key={key}>{key}</kbd>)}
        </button>
      </Group>
    </Group>
  );
}
