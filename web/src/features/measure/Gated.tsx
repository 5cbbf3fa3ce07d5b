/** What was chosen on a plot, and what can be done with it. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Layer, Term } from "../../api/types";
import { MOST_DRAWN, useListing } from "../../state/listing";
import { number, plural } from "../../ui/format";
import { GateClasses } from "./GateClasses";
import type { Elsewhere } from "./gating";

interface Props {
  layer: Layer;
  terms: readonly Term[];
  elsewhere: Elsewhere;
  onClear(): void;
  /** What can be done with the objects of the open picture. */
  children: ReactNode;
}

export function Gated({ layer, terms, elsewhere, onClear, children }: Props) {
  const count = useListing((s) => (s.layerId === layer.id ? s.marks.ids.size : 0));
  if (count === 0 && elsewhere.objects === 0)
    return (
      <Text size="xs" c="var(--text-dim)">
        Drag over the plot to choose the objects in that range.
      </Text>
    );
  return (
    <Stack gap={4} data-testid="gated">
      <Group justify="space-between" wrap="nowrap">
        <Button variant="subtle" size="compact-xs" onClick={onClear} data-testid="gate-clear">
          Clear
        </Button>
        {count > 0 ? children : null}
      </Group>
      {count > MOST_DRAWN ? (
        <Text size="xs" c="var(--text-dim)">
          The picture marks up to {number(MOST_DRAWN)} objects; the menu acts on all of them.
        </Text>
      ) : null}
      {elsewhere.objects > 0 ? <Others layer={layer} terms={terms} elsewhere={elsewhere} /> : null}
    </Stack>
  );
}

interface OthersProps {
  layer: Layer;
  terms: readonly Term[];
  elsewhere: Elsewhere;
}

function Others({ layer, terms, elsewhere: { here, objects, images, gate } }: OthersProps) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="xs" c="var(--text-dim)" data-testid="gate-elsewhere">
        {number(objects)} more in {plural(images, "other image")}.
      </Text>
      {gate ? <GateClasses layer={layer} terms={terms} gate={gate} total={here + objects} /> : null}
    </Group>
  );
}
