/** Find images by name, and put them in order. */
import { Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type ImageOrder, ORDERS, setFinding, useFinding } from "./finding";

/** Fewer images are seen at once. */
export const WORTH_FINDING = 9;

export function ImageFinder({ projectId }: { projectId: string }) {
  const { words, order } = useFinding(projectId);
  return (
    <Group gap="xs" mb="md">
      <TextInput
        w={280}
        placeholder="Find by name"
        aria-label="Find images by name"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={words}
        onChange={({ currentTarget }) => setFinding(projectId, { words: currentTarget.value })}
        onKeyDown={({ key }) => key === "Escape" && setFinding(projectId, { words: "" })}
        data-testid="image-find"
      />
      <Select
        w={180}
        aria-label="Order of the images"
        data={[...ORDERS]}
        value={order}
        onChange={(value) => value && setFinding(projectId, { order: value as ImageOrder })}
        allowDeselect={false}
        data-testid="image-order"
      />
    </Group>
  );
}
