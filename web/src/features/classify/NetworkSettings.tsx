/** The hyper-parameters of a network. */
import { Checkbox, Group, NumberInput, Select, Text } from "@mantine/core";
import type { CropAugmentation, NetworkConfiguration, Subject } from "../../api/types";

interface Props {
  subject: Subject;
  value: NetworkConfiguration;
  onChange(value: NetworkConfiguration): void;
}

type NumberName = {
  [Key in keyof NetworkConfiguration]-?: NetworkConfiguration[Key] extends number ? Key : never;
}[keyof NetworkConfiguration];
type ChangeName = Exclude<keyof CropAugmentation, "flips">;

export function NetworkSettings({ subject, value, onChange }: Props) {
  const number = (name: NumberName, label: string, min: number, max: number, step = 1) => (
    <NumberInput
      label={label}
      min={min}
      max={max}
      step={step}
      value={value[name]}
      onChange={(chosen) => typeof chosen === "number" && onChange({ ...value, [name]: chosen })}
      data-testid={`train-${name}`}
    />
  );
  const check = (name: "balanced" | "hidden" | "own_range", label: string) => (
    <Checkbox
      label={label}
      checked={value[name]}
      onChange={({ currentTarget }) => onChange({ ...value, [name]: currentTarget.checked })}
      data-testid={`train-${name}`}
    />
  );
  return (
    <>
      <Group grow gap={6} align="flex-end">
        {number("epochs", "Epochs at most", 1, 1000)}
        {number("patience", "Patience, epochs", 1, 1000)}
      </Group>
      <Group grow gap={6} align="flex-end">
        {number("batch", "Batch", 4, 512)}
        <NumberInput
          label="Learning rate"
          placeholder="by method"
          min={0.000001}
          max={1}
          decimalScale={6}
          value={value.learning_rate ?? ""}
          onChange={(chosen) =>
            onChange({ ...value, learning_rate: typeof chosen === "number" && chosen > 0 ? chosen : null })
          }
          data-testid="train-learning_rate"
        />
      </Group>
      <Group grow gap={6} align="flex-end">
        <Select
          label="Optimiser"
          data={[
            { value: "adamw", label: "AdamW" },
            { value: "sgd", label: "SGD" },
          ]}
          allowDeselect={false}
          value={value.optimiser}
          onChange={(one) =>
            one && onChange({ ...value, optimiser: one as NetworkConfiguration["optimiser"] })
          }
        />
        <Select
          label="Loss"
          data={[
            { value: "cross-entropy", label: "Cross-entropy" },
            { value: "focal", label: "Focal" },
          ]}
          allowDeselect={false}
          value={value.loss}
          onChange={(one) => one && onChange({ ...value, loss: one as NetworkConfiguration["loss"] })}
          data-testid="train-loss"
        />
      </Group>
      <Group grow gap={6} align="flex-end">
        {value.loss === "focal"
          ? number("focal_gamma", "Focal gamma", 0, 10, 0.5)
          : number("label_smoothing", "Label smoothing", 0, 0.5, 0.01)}
        {number("validation_share", "Share held out", 0.05, 0.5, 0.05)}
      </Group>
      <Group grow gap={6} align="flex-end">
        {number("dropout", "Dropout", 0, 0.9, 0.05)}
        {number("weight_decay", "Weight decay", 0, 1, 0.01)}
      </Group>
      <Group grow gap={6} align="flex-end">
        {number("side", subject === "images" ? "Image as seen, px" : "Crop as seen, px", 32, 224, 16)}
        {subject === "objects" ? number("context", "Crop / object", 1, 6, 0.1) : null}
      </Group>
      {check("balanced", "Give each class the same weight")}
      {check("own_range", "Bring each image to the same range of intensities")}
      {subject === "objects" ? check("hidden", "Hide what lies around the object") : null}
      <Augmentation
        value={value.augmentation}
        onChange={(augmentation) => onChange({ ...value, augmentation })}
      />
      {number("seed", "Seed", 0, 2_147_483_647)}
    </>
  );
}

interface AugmentationProps {
  value: CropAugmentation;
  onChange(value: CropAugmentation): void;
}

function Augmentation({ value, onChange }: AugmentationProps) {
  const number = (name: ChangeName, label: string, max: number, step: number) => (
    <NumberInput
      label={label}
      min={0}
      max={max}
      step={step}
      value={value[name]}
      onChange={(chosen) => typeof chosen === "number" && onChange({ ...value, [name]: chosen })}
      data-testid={`augment-${name}`}
    />
  );
  return (
    <>
      <Text size="xs" fw={600}>
        Changes while it learns (0: none)
      </Text>
      <Checkbox
        label="Mirror"
        checked={value.flips}
        onChange={({ currentTarget }) => onChange({ ...value, flips: currentTarget.checked })}
        data-testid="augment-flips"
      />
      <Group grow gap={6} align="flex-end">
        {number("rotation_degrees", "Turn, degrees", 180, 5)}
        {number("scale", "Scale", 0.5, 0.05)}
        {number("shift", "Shift", 0.5, 0.05)}
      </Group>
      <Group grow gap={6} align="flex-end">
        {number("intensity", "Intensity", 1, 0.05)}
        {number("noise", "Noise", 0.5, 0.01)}
        {number("blur", "Blur", 1, 0.05)}
      </Group>
    </>
  );
}
