/** A range in numbers, for hands that do not drag. */
import { Button, Group, NumberInput, Popover, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Gate } from "./bins";

interface Props {
  hasY: boolean;
  x: string;
  y: string;
  onGate(gate: Gate): void;
}

type Bound = number | string;

const rangeOf = ([from, to]: readonly [Bound, Bound]): [number, number] => [
  from === "" ? Number.NEGATIVE_INFINITY : Number(from),
  to === "" ? Number.POSITIVE_INFINITY : Number(to),
];

export function GateNumbers({ hasY, x, y, onGate }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [xs, setXs] = useState<readonly [Bound, Bound]>(["", ""]);
  const [ys, setYs] = useState<readonly [Bound, Bound]>(["", ""]);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onGate(hasY ? { x: rangeOf(xs), y: rangeOf(ys) } : { x: rangeOf(xs) });
    setOpen(false);
  };
  const inputs = (
    label: string,
    value: readonly [Bound, Bound],
    change: (value: readonly [Bound, Bound]) => void,
    name: string,
  ) => (
    <Stack gap={2}>
      <Text size="xs" fw={600}>
        {label}
      </Text>
      <Group gap={6} wrap="nowrap">
        <NumberInput
          aria-label={`${label}: from`}
          placeholder="from"
          value={value[0]}
          onChange={(from) => change([from, value[1]])}
          data-testid={`gate-${name}-from`}
        />
        <NumberInput
          aria-label={`${label}: to`}
          placeholder="to"
          value={value[1]}
          onChange={(to) => change([value[0], to])}
          data-testid={`gate-${name}-to`}
        />
      </Group>
    </Stack>
  );
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus withArrow shadow="md">
      <Popover.Target>
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() => setOpen(!isOpen)}
          aria-expanded={isOpen}
          data-testid="gate-numbers"
        >
          Choose by numbers
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={240}>
        <form onSubmit={send}>
          <Stack gap={8}>
            {inputs(x, xs, setXs, "x")}
            {hasY ? inputs(y, ys, setYs, "y") : null}
            <Button type="submit" data-testid="gate-apply">
              Choose the objects
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
