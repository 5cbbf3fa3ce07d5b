/** How long, how fast: folded away. */
import { Collapse, Group, NumberInput, Select, Stack, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { Term, TuningPlan } from "../../api/types";

interface Props {
  plan: TuningPlan;
  onPlan(plan: TuningPlan): void;
  terms: readonly Term[];
  area: string | null;
  onArea(area: string | null): void;
}

type NumberField = "steps" | "rounds" | "batch" | "learning_rate" | "seed";

export function TuningSettings({ plan, onPlan, terms, area, onArea }: Props) {
  const [isOpen, setOpen] = useState(false);
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  const number = (name: NumberField, label: string, description: string, min: number, max: number) => (
    <NumberInput
      label={label}
      description={description}
      min={min}
      max={max}
      value={plan[name]}
      onChange={(value) => typeof value === "number" && onPlan({ ...plan, [name]: value })}
      data-testid={`tuning-${name}`}
    />
  );
  return (
    <Stack gap={6}>
      <UnstyledButton
        className="tuning-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="tuning-settings"
      >
        <Icon size={13} aria-hidden /> Settings of the training
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Stack gap="sm">
          <Group grow align="flex-start">
            {number("steps", "Steps of a round", "More learn more, and take longer.", 1, 20_000)}
            {plan.unmarked === "unknown"
              ? number("rounds", "Rounds", "Each adds objects that the last one found.", 1, 10)
              : null}
            {number("batch", "Pictures in a step", "Fewer take less memory.", 1, 64)}
          </Group>
          <Group grow align="flex-start">
            {number("learning_rate", "Learning rate", "Smaller keeps closer to the model.", 1e-6, 0.1)}
            {number("seed", "Seed", "Of what is drawn at random.", 0, 2_147_483_647)}
            <Select
              label="Areas that are complete"
              description="Everything in areas of this class is outlined."
              data={terms.map(({ id, name }) => ({ value: String(id), label: name }))}
              value={area}
              onChange={onArea}
              placeholder="None"
              clearable
              data-testid="tuning-area"
            />
          </Group>
        </Stack>
      </Collapse>
    </Stack>
  );
}
