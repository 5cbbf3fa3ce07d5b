/** Train by one click; the settings are folded away. */
import { Button, Collapse, NumberInput, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { LandmarkConfiguration } from "../../api/types";

export const DEFAULTS: LandmarkConfiguration = {
  size_px: 256,
  trees: 20,
  samples: 6000,
  rotation_degrees: 20,
  scale_percent: 10,
  views: 6,
  tolerance_percent: 2,
  folds: 3,
  seed: 0,
};

interface Props {
  missing: string | null;
  mayTrain: boolean;
  isBusy: boolean;
  again: boolean;
  onTrain(configuration: LandmarkConfiguration): void;
}

export function TrainForm({ missing, mayTrain, isBusy, again, onTrain }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [settings, setSettings] = useState(DEFAULTS);
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <Stack gap={6}>
      {missing === null ? null : (
        <Text size="xs" c="var(--text-dim)" data-testid="landmark-needs">
          {missing}
        </Text>
      )}
      <Button disabled={!mayTrain || isBusy} onClick={() => onTrain(settings)} data-testid="landmark-train">
        {again ? "Train again" : "Train"}
      </Button>
      <UnstyledButton
        className="landmark-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="landmark-settings"
      >
        <Icon size={13} aria-hidden /> Settings of the training
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Settings value={settings} onChange={setSettings} />
      </Collapse>
    </Stack>
  );
}

const FIELDS = [
  [
    "size_px",
    "Look at images of this size, px",
    64,
    768,
    "The longer side. Larger is more exact and slower.",
  ],
  ["rotation_degrees", "Turn by up to, degrees", 0, 180, "How far specimens may be turned."],
  ["scale_percent", "Scale by up to, %", 0, 50, ""],
  ["views", "Views of each image", 1, 20, "Turned and scaled at random."],
  ["trees", "Trees", 5, 200, ""],
  ["tolerance_percent", "Tolerance, % of the longer side", 0.1, 50, "Errors up to this count as found."],
  ["seed", "Seed", 0, 2_147_483_647, ""],
] as const;

interface SettingsProps {
  value: LandmarkConfiguration;
  onChange(value: LandmarkConfiguration): void;
}

function Settings({ value, onChange }: SettingsProps) {
  return (
    <Stack gap={6}>
      {FIELDS.map(([name, label, min, max, description]) => (
        <NumberInput
          key={name}
          label={label}
          {...(description ? { description } : {})}
          min={min}
          max={max}
          value={value[name]}
          onChange={(chosen) => typeof chosen === "number" && onChange({ ...value, [name]: chosen })}
          data-testid={`landmark-${name}`}
        />
      ))}
    </Stack>
  );
}
