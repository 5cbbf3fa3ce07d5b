/** Train by one click; the settings are folded away. */
import {
  Button,
  Checkbox,
  Collapse,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  UnstyledButton,
} from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { ClassifierConfiguration, Image, TrainClassifierRequest } from "../../api/types";

const METHODS = [
  { value: "extra-trees", label: "Extra trees" },
  { value: "boosting", label: "Gradient boosting" },
  { value: "svm", label: "Support vector machine" },
  { value: "linear", label: "Linear (logistic regression)" },
];

const DEFAULTS: ClassifierConfiguration = {
  learner: "extra-trees",
  trees: 300,
  balanced: true,
  regularisation: 1,
  folds: 5,
  seed: 0,
};

interface Props {
  image: Image;
  images: readonly Image[];
  canTrain: boolean;
  isBusy: boolean;
  onTrain(request: TrainClassifierRequest): void;
}

export function TrainForm({ image, images, canTrain, isBusy, onTrain }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [settings, setSettings] = useState(DEFAULTS);
  const [tested, setTested] = useState<string[]>([]);
  const [applies, setApplies] = useState(true);
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  const train = () =>
    onTrain({
      kind: "train-classifier",
      image_ids: null,
      test_image_ids: tested,
      then_classify: applies ? [image.id] : [],
      configuration: settings,
    });
  return (
    <Stack gap={6}>
      <Button disabled={!canTrain || isBusy} onClick={train} data-testid="train-classifier">
        Train
      </Button>
      <UnstyledButton
        className="classify-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="train-settings"
      >
        <Icon size={13} aria-hidden /> Settings of the training
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Stack gap={6}>
          <Settings value={settings} onChange={setSettings} />
          <MultiSelect
            label="Test images"
            description="Their labels are only scored, never learnt from."
            data={images.map(({ id, name }) => ({ value: id, label: name }))}
            value={tested}
            onChange={setTested}
            searchable
            clearable
            data-testid="train-test-images"
          />
          <Checkbox
            label="Then suggest classes on this image"
            checked={applies}
            onChange={({ currentTarget }) => setApplies(currentTarget.checked)}
            data-testid="train-applies"
          />
        </Stack>
      </Collapse>
    </Stack>
  );
}

interface SettingsProps {
  value: ClassifierConfiguration;
  onChange(value: ClassifierConfiguration): void;
}

function Settings({ value, onChange }: SettingsProps) {
  const number = (
    name: "trees" | "regularisation" | "folds" | "seed",
    label: string,
    min: number,
    max: number,
  ) => (
    <NumberInput
      label={label}
      min={min}
      max={max}
      value={value[name]}
      onChange={(chosen) => typeof chosen === "number" && onChange({ ...value, [name]: chosen })}
      data-testid={`train-${name}`}
    />
  );
  const hasTrees = value.learner === "extra-trees" || value.learner === "boosting";
  return (
    <>
      <Select
        label="Method"
        data={METHODS}
        allowDeselect={false}
        value={value.learner}
        onChange={(learner) =>
          learner && onChange({ ...value, learner: learner as ClassifierConfiguration["learner"] })
        }
        data-testid="train-method"
      />
      {hasTrees
        ? number("trees", "Trees", 10, 2000)
        : number("regularisation", "C (larger fits the labels closer)", 0.001, 10_000)}
      {number("folds", "Parts of the cross-validation", 2, 20)}
      {number("seed", "Seed", 0, 2_147_483_647)}
      <Checkbox
        label="Give each class the same weight"
        checked={value.balanced}
        onChange={({ currentTarget }) => onChange({ ...value, balanced: currentTarget.checked })}
      />
    </>
  );
}
