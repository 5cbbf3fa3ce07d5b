/** What is measured besides size, shape and intensity. */
import { Button, Checkbox, NumberInput, Stack, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { FeatureSetName } from "../../api/types";
import { plural } from "../../ui/format";

export interface Features {
  readonly features: FeatureSetName[];
  readonly ring_px: number;
  readonly neighbour_px: number;
}

export const NO_FEATURES: Features = { features: [], ring_px: 5, neighbour_px: 50 };

const KEY = "cytoloop.features";

const SETS: readonly (readonly [FeatureSetName, string, string])[] = [
  ["moments", "Moments", "Hu and Zernike moments of the shape"],
  ["texture", "Texture", "Haralick and local binary patterns; slow: milliseconds an object and channel"],
  ["granularity", "Granularity", "How coarse the grains of the intensity are"],
  ["radial", "Radial distribution", "Intensity from the centre to the edge"],
  ["colocalisation", "Colocalisation", "Pairs of channels: Pearson, Manders, RWC, overlap"],
  ["ring", "Ring around", "Intensities just outside, as of the cytoplasm"],
  ["neighbours", "Neighbours", "Distances to the nearest objects, and how many are near"],
];

/** As the person left it. */
export function rememberedFeatures(): Features {
  try {
    const found: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? "null");
    return typeof found === "object" && found !== null ? { ...NO_FEATURES, ...found } : NO_FEATURES;
  } catch {
    return NO_FEATURES;
  }
}

function remember(features: Features): void {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(features));
  } catch {
    // a browser that keeps nothing asks anew
  }
}

interface FeatureChoiceProps {
  value: Features;
  onChange: (features: Features) => void;
}

export function FeatureChoice({ value, onChange }: FeatureChoiceProps) {
  const [isOpen, setOpen] = useState(false);
  const change = (part: Partial<Features>) => {
    const next = { ...value, ...part };
    remember(next);
    onChange(next);
  };
  const toggle = (name: FeatureSetName, isOn: boolean) =>
    change({
      features: SETS.map(([one]) => one).filter((one) =>
        one === name ? isOn : value.features.includes(one),
      ),
    });
  return (
    <Stack gap={6}>
      <Button
        variant="subtle"
        size="compact-xs"
        justify="flex-start"
        leftSection={isOpen ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />}
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="features-toggle"
      >
        {value.features.length > 0
          ? `${plural(value.features.length, "further set")} chosen`
          : "Measure more"}
      </Button>
      {isOpen ? (
        <Stack gap={6} data-testid="features">
          {SETS.map(([name, title, summary]) => (
            <Checkbox
              key={name}
              size="xs"
              label={title}
              description={summary}
              checked={value.features.includes(name)}
              onChange={(event) => toggle(name, event.currentTarget.checked)}
              data-testid={`feature-${name}`}
            />
          ))}
          {value.features.includes("ring") ? (
            <NumberInput
              size="xs"
              label="Width of the ring (px)"
              min={1}
              max={100}
              value={value.ring_px}
              onChange={(ring_px) => typeof ring_px === "number" && change({ ring_px })}
            />
          ) : null}
          {value.features.includes("neighbours") ? (
            <NumberInput
              size="xs"
              label="Objects nearer than this are neighbours (px)"
              min={1}
              max={1000}
              value={value.neighbour_px}
              onChange={(neighbour_px) => typeof neighbour_px === "number" && change({ neighbour_px })}
            />
          ) : null}
          <Text size="xs" c="var(--text-dim)">
            Formulas and units are in the documentation under Measurements.
          </Text>
        </Stack>
      ) : null}
    </Stack>
  );
}
