/** What the colours of a plot mean. */
import { Group, Text } from "@mantine/core";
import { Chip } from "../../ui/parts";
import type { ColorKey } from "./figure/clouds";
import { viridis } from "./figure/colours";
import { tickText } from "./figure/frame";

const MOST = 14;
const GRADIENT = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(viridis).join(", ")})`;

export function ColorLegend({ value: { title, entries, range } }: { value: ColorKey }) {
  if (range)
    return (
      <Group gap={6} wrap="nowrap" data-testid="plot-legend">
        <Text size="xs">{tickText(range[0])}</Text>
        <div
          className="plot-scale"
          style={{ background: GRADIENT }}
          role="img"
          aria-label={`Colours of ${title}`}
        />
        <Text size="xs">{tickText(range[1])}</Text>
      </Group>
    );
  return (
    <Group gap={10} data-testid="plot-legend">
      {entries.slice(0, MOST).map(({ name, color }) => (
        <Group key={name} gap={4} wrap="nowrap" maw="100%">
          <Chip color={color} />
          <Text size="xs" className="ellipsis" title={name}>
            {name}
          </Text>
        </Group>
      ))}
      {entries.length > MOST ? <Text size="xs">and {entries.length - MOST} more</Text> : null}
    </Group>
  );
}
