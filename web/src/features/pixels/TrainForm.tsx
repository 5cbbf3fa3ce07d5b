/** Train by one click; the settings are folded away. */
import {
  Button,
  Collapse,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  UnstyledButton,
} from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { PixelConfiguration } from "../../api/types";
import { setPixels, usePixels } from "../../state/pixels";
import type { ScribbleRow } from "./counts";
import { useLiveTraining } from "./useLiveTraining";

const METHODS = [
  { value: "extra-trees", label: "Extra trees on filters" },
  { value: "random-forest", label: "Random forest on filters" },
  { value: "boosting", label: "Gradient boosting on filters" },
  { value: "patches", label: "Patches: trees with many outputs (tissue)" },
];

const SIGMAS = ["0.5", "0.7", "1", "1.6", "2.5", "3.5", "5", "7", "10", "14", "20"];

export const DEFAULTS: PixelConfiguration = {
  learner: "extra-trees",
  sigmas_px: [0.7, 1.6, 3.5, 7],
  filters: ["gaussian", "laplacian", "gradient", "difference", "structure", "hessian"],
  trees: 50,
  samples_per_class: 4000,
  line_px: 3,
  pixel_um: null,
  patch_px: 16,
  regions: false,
  folds: 3,
  seed: 0,
};

interface Props {
  rows: readonly ScribbleRow[];
  background: number | null;
  onBackground(termId: number | null): void;
  ownUm: number | null;
  canTrain: boolean;
  isBusy: boolean;
  again: boolean;
  /** What there is to learn from that the newest version does not know; null where nothing is. */
  material: string | null;
  /** `isLive`: nobody asked for this one, it follows the scribbles. */
  onTrain(configuration: PixelConfiguration, isLive: boolean): void;
}

export function TrainForm({
  rows,
  background,
  onBackground,
  ownUm,
  canTrain,
  isBusy,
  again,
  material,
  onTrain,
}: Props) {
  const [isOpen, setOpen] = useState(false);
  const [settings, setSettings] = useState(DEFAULTS);
  const isLive = usePixels((s) => s.isLive);
  useLiveTraining({ isOn: isLive && canTrain, isBusy, material, train: () => onTrain(settings, true) });
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <Stack gap={6}>
      <Select
        label="Background"
        description="The class that is none of the objects."
        placeholder="None: objects of every class"
        data={rows.map(({ term }) => ({ value: String(term.id), label: term.name }))}
        value={background === null ? null : String(background)}
        onChange={(value) => onBackground(value === null ? null : Number(value))}
        clearable
        data-testid="pixel-background"
      />
      <Button
        disabled={!canTrain || isBusy}
        onClick={() => onTrain(settings, false)}
        data-testid="pixel-train"
      >
        {again ? "Train again" : "Train"}
      </Button>
      <Switch
        label="Train as I scribble"
        description="The preview follows each scribble. Versions made so make room for later ones, unless they found objects."
        checked={isLive}
        onChange={({ currentTarget }) => setPixels({ isLive: currentTarget.checked })}
        data-testid="pixel-live"
      />
      <UnstyledButton
        className="pixel-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="pixel-settings"
      >
        <Icon size={13} aria-hidden /> Settings of the training
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Settings value={settings} ownUm={ownUm} onChange={setSettings} />
      </Collapse>
    </Stack>
  );
}

interface SettingsProps {
  value: PixelConfiguration;
  ownUm: number | null;
  onChange(value: PixelConfiguration): void;
}

function Settings({ value, ownUm, onChange }: SettingsProps) {
  const number = (name: "trees" | "line_px" | "seed", label: string, min: number, max: number) => (
    <NumberInput
      label={label}
      min={min}
      max={max}
      value={value[name]}
      onChange={(chosen) => typeof chosen === "number" && onChange({ ...value, [name]: chosen })}
      data-testid={`pixel-${name}`}
    />
  );
  return (
    <Stack gap={6}>
      <Select
        label="Method"
        data={METHODS}
        allowDeselect={false}
        value={value.learner}
        onChange={(learner) =>
          learner && onChange({ ...value, learner: learner as PixelConfiguration["learner"] })
        }
        data-testid="pixel-method"
      />
      {value.learner === "patches" ? null : (
        <MultiSelect
          label="Sizes of the filters"
          description="Sigmas in px: small for edges, large for surroundings."
          data={SIGMAS}
          value={(value.sigmas_px ?? []).map(String)}
          onChange={(chosen) =>
            chosen.length > 0 &&
            onChange({ ...value, sigmas_px: chosen.map(Number).toSorted((a, b) => a - b) })
          }
          maxValues={8}
          data-testid="pixel-sigmas"
        />
      )}
      {number("trees", value.learner === "boosting" ? "Rounds" : "Trees", 5, 500)}
      {number("line_px", "Width of lines and points, px", 1, 200)}
      {ownUm === null ? null : (
        <NumberInput
          label="Look at pixels of this size, µm"
          description={`Coarser for tissue; empty for the image's own ${ownUm.toPrecision(3)}.`}
          min={ownUm}
          max={1000}
          value={value.pixel_um ?? ""}
          onChange={(chosen) =>
            onChange({ ...value, pixel_um: typeof chosen === "number" && chosen > 0 ? chosen : null })
          }
          data-testid="pixel-um"
        />
      )}
      {number("seed", "Seed", 0, 2_147_483_647)}
      <Switch
        label="Find regions, not objects"
        description="Pieces of any size, as tissue; they are not split."
        checked={value.regions}
        onChange={({ currentTarget }) => onChange({ ...value, regions: currentTarget.checked })}
        data-testid="pixel-regions"
      />
    </Stack>
  );
}
