import { Group, Modal, SimpleGrid, Stack, Text } from "@mantine/core";
import { type Binding, DEFAULT_KEYMAP, printed } from "../../keys/keymap";

const GROUPS = [...new Set(DEFAULT_KEYMAP.map((binding) => binding.group))];

function shown({ keys }: Binding): string[] {
  const first = keys[0];
  const last = keys.at(-1);
  return keys.length > 3 && first && last ? [`${printed(first)} … ${printed(last)}`] : keys.map(printed);
}

/** Every key, made from the keymap itself. */
export function ShortcutsDialog({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size="xl" data-testid="shortcuts">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        {GROUPS.map((group) => (
          <Stack key={group} gap={5}>
            <Text fw={600} size="xs" tt="uppercase" c="var(--text-dim)">
              {group}
            </Text>
            {DEFAULT_KEYMAP.filter((binding) => binding.group === group).map((binding) => (
              <Group key={binding.action} justify="space-between" wrap="nowrap" gap="md">
                <Text size="xs">{binding.label}</Text>
                <Group gap={4} wrap="nowrap">
                  {shown(binding).map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </Group>
              </Group>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
