/** Suggested classes: one after the other from a queue, or many at once. */
import { Button, Group, Kbd, NumberInput, Select, Stack, Text } from "@mantine/core";
import { IconCheck, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { Image, Layer, QueueName } from "../../api/types";
import { setFilter, useListing } from "../../state/listing";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { acceptMany, clearMany } from "./many";
import { useLabelling } from "./useLabelling";

const QUEUES: { value: QueueName; label: string }[] = [
  { value: "uncertainty", label: "Least certain first" },
  { value: "diversity", label: "Most different first" },
  { value: "disagreement", label: "Most disputed first" },
];

interface Props {
  projectId: string;
  image: Image;
  layers: readonly Layer[];
  generation: string;
  count: number;
  mayLabel: boolean;
}

export function Suggestions({ projectId, image, layers, generation, count, mayLabel }: Props) {
  const [by, setBy] = useState<QueueName>("uncertainty");
  const [least, setLeast] = useState(0.9);
  const labelling = useLabelling(projectId, image.id, by, generation);
  const [selected] = useWorkspace((s) => s.selection);
  const own = layers.filter(({ editable }) => editable);
  const showInGallery = () => {
    useListing.setState({ layerId: useListing.getState().layerId });
    setFilter({ sort: "term_score", order: "asc", where: { suggested: true } });
    setWorkspace({ tab: "gallery" });
  };
  return (
    <Stack gap={6} data-testid="suggestions" data-count={count}>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Text size="xs" fw={600}>
          {plural(count, "suggestion")} on this image
        </Text>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={count === 0}
          onClick={showInGallery}
          data-testid="suggestions-gallery"
        >
          In the gallery
        </Button>
      </Group>
      <Select
        aria-label="Order in which N goes through the objects"
        data={QUEUES}
        allowDeselect={false}
        value={by}
        onChange={(chosen) => chosen && setBy(chosen as QueueName)}
        data-testid="queue-order"
      />
      <Group grow gap={6}>
        <Button
          leftSection={<IconCheck size={15} aria-hidden />}
          rightSection={<Kbd size="xs">Y</Kbd>}
          disabled={!mayLabel || !selected || selected.term_score === null}
          onClick={labelling.accept}
          data-testid="suggestion-accept"
        >
          Accept
        </Button>
        <Button
          variant="default"
          leftSection={<IconChevronRight size={15} aria-hidden />}
          rightSection={<Kbd size="xs">N</Kbd>}
          onClick={labelling.next}
          data-testid="suggestion-next"
        >
          Next
        </Button>
      </Group>
      <Text size="xs" c="var(--text-dim)" data-testid="suggestion-current">
        {selected?.term_score === null || selected === undefined
          ? "N goes to the object whose class teaches the most. The keys of the classes correct it."
          : `Object ${selected.id}: ${Math.round(100 * (selected.term_score ?? 0))} % sure.`}
      </Text>
      <Group gap={6} wrap="nowrap" align="flex-end">
        <NumberInput
          label="Accept all from"
          min={0}
          max={1}
          step={0.05}
          decimalScale={2}
          w={104}
          value={least}
          onChange={(value) => typeof value === "number" && setLeast(value)}
          data-testid="accept-from"
        />
        <Button
          variant="light"
          flex={1}
          disabled={!mayLabel || count === 0}
          onClick={() => void acceptMany(own, least)}
          data-testid="accept-many"
        >
          Accept on this image
        </Button>
      </Group>
      <Button
        variant="subtle"
        size="compact-xs"
        disabled={!mayLabel || count === 0}
        onClick={() => void clearMany(own)}
        data-testid="clear-suggestions"
      >
        Remove all suggestions here
      </Button>
    </Stack>
  );
}
