/** Train by one click; the settings are folded away. */
import { Button, Checkbox, MultiSelect, Stack } from "@mantine/core";
import { useState } from "react";
import type { AnyConfiguration, Classifier, Image, Subject } from "../../api/types";
import { GoOn } from "./GoOn";
import { Fold, MethodChoice, MethodSettings } from "./MethodSettings";
import { FEATURES, isNetwork } from "./methods";

export interface TrainChoice {
  readonly configuration: AnyConfiguration;
  readonly tested: string[];
  readonly applies: boolean;
  readonly earlier: number | null;
}

interface Props {
  subject: Subject;
  images: readonly Image[];
  versions: readonly Classifier[];
  canTrain: boolean;
  canTrainNetworks: boolean;
  isBusy: boolean;
  onTrain(choice: TrainChoice): void;
}

export function TrainForm({ subject, images, versions, canTrain, canTrainNetworks, isBusy, onTrain }: Props) {
  const [configuration, setConfiguration] = useState<AnyConfiguration>(FEATURES);
  const [tested, setTested] = useState<string[]>([]);
  const [applies, setApplies] = useState(true);
  const [goesOn, setGoesOn] = useState<number | null>(null);
  const lacks = isNetwork(configuration) && !canTrainNetworks;
  const earlier = isNetwork(configuration)
    ? (versions.find(({ version, learner }) => version === goesOn && learner === configuration.learner) ??
      null)
    : null;
  return (
    <Stack gap={6}>
      <MethodChoice
        subject={subject}
        value={configuration}
        canTrainNetworks={canTrainNetworks}
        onChange={setConfiguration}
      />
      {isNetwork(configuration) ? (
        <GoOn
          versions={versions.filter(({ learner }) => learner === configuration.learner)}
          value={earlier?.version ?? null}
          onChange={setGoesOn}
        />
      ) : null}
      <Button
        disabled={!canTrain || isBusy || lacks}
        onClick={() => onTrain({ configuration, tested, applies, earlier: earlier?.version ?? null })}
        data-testid="train-classifier"
      >
        Train
      </Button>
      <Fold label="Advanced" testId="train-settings">
        <MethodSettings subject={subject} value={configuration} onChange={setConfiguration} />
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
          label={
            subject === "objects"
              ? "Then suggest classes on this image"
              : "Then suggest classes for the others"
          }
          checked={applies}
          onChange={({ currentTarget }) => setApplies(currentTarget.checked)}
          data-testid="train-applies"
        />
      </Fold>
    </Stack>
  );
}
