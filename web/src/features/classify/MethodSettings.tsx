/** What learns, and everything that can be set about it, folded away. */
import { Checkbox, Collapse, NumberInput, Select, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import type { AnyConfiguration, ClassifierConfiguration, Subject } from "../../api/types";
import { HINTS, isNetwork, METHODS, type MethodName, methodOf, withMethod } from "./methods";
import { NetworkSettings } from "./NetworkSettings";

interface Props {
  subject: Subject;
  value: AnyConfiguration;
  canTrainNetworks: boolean;
  onChange(value: AnyConfiguration): void;
}

export function MethodChoice({ subject, value, canTrainNetworks, onChange }: Props) {
  const method = methodOf(value);
  return (
    <>
      <Select
        label="Method"
        data={METHODS.map(({ group, items }) => ({ group, items }))}
        allowDeselect={false}
        value={method}
        onChange={(chosen) => chosen && onChange(withMethod(value, chosen as MethodName, subject))}
        data-testid="train-method"
      />
      <Text size="xs" c="var(--text-dim)" data-testid="train-method-hint">
        {HINTS[method]}
      </Text>
      {isNetwork(value) && !canTrainNetworks ? (
        <Text size="xs" c="red" data-testid="needs-torch">
          Networks need torch, which this server lacks: pip install 'cytoloop[train]'.
        </Text>
      ) : null}
    </>
  );
}

export function Fold({ label, testId, children }: { label: string; testId: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <>
      <UnstyledButton
        className="classify-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid={testId}
      >
        <Icon size={13} aria-hidden /> {label}
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Stack gap={6}>{children}</Stack>
      </Collapse>
    </>
  );
}

export function MethodSettings({ subject, value, onChange }: Omit<Props, "canTrainNetworks">) {
  if (isNetwork(value)) return <NetworkSettings subject={subject} value={value} onChange={onChange} />;
  return <FeatureSettings value={value} onChange={onChange} />;
}

interface FeatureProps {
  value: ClassifierConfiguration;
  onChange(value: ClassifierConfiguration): void;
}

function FeatureSettings({ value, onChange }: FeatureProps) {
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
