/** Objects from the probabilities, on this image or on all: one run for each class that is not background. */
import { Button, Checkbox, Group, NumberInput, Stack } from "@mantine/core";
import { useState } from "react";
import type { Image, PixelClassifier, SegmentRequest, Term } from "../../api/types";
import { useWorkspace } from "../../state/workspace";
import { wantedClasses } from "./counts";

interface Props {
  image: Image;
  classifier: PixelClassifier;
  terms: readonly Term[];
  isBusy: boolean;
  onApply(requests: readonly SegmentRequest[]): void;
}

export function ApplyForm({ image, classifier, terms, isBusy, onApply }: Props) {
  const plane = useWorkspace((s) => s.plane);
  const [probability, setProbability] = useState(0.5);
  const [smallest, setSmallest] = useState(20);
  const [splits, setSplits] = useState(true);
  const requests = (imageIds: string[] | null): SegmentRequest[] =>
    wantedClasses(classifier).map((found) => ({
      kind: "segment",
      method: classifier.method,
      parameters: { found, probability, min_area_px2: smallest, split: splits },
      image_ids: imageIds,
      z: imageIds === null ? 0 : plane.z,
      t: imageIds === null ? 0 : plane.t,
      term_id: terms.find(({ name }) => name.toLowerCase() === found.toLowerCase())?.id ?? null,
      pixel_um: classifier.pixel_um,
    }));
  return (
    <Stack gap={6} data-testid="pixel-apply">
      <Group grow gap={6}>
        <NumberInput
          label="Probability from"
          min={0.05}
          max={0.95}
          step={0.05}
          decimalScale={2}
          value={probability}
          onChange={(value) => typeof value === "number" && value > 0 && value < 1 && setProbability(value)}
          data-testid="pixel-probability"
        />
        <NumberInput
          label="Smallest area, px²"
          min={0}
          value={smallest}
          onChange={(value) => typeof value === "number" && setSmallest(value)}
          data-testid="pixel-smallest"
        />
      </Group>
      {classifier.regions ? null : (
        <Checkbox
          label="Split touching objects"
          checked={splits}
          onChange={({ currentTarget }) => setSplits(currentTarget.checked)}
          data-testid="pixel-split"
        />
      )}
      <Group grow gap={6}>
        <Button
          variant="light"
          disabled={isBusy}
          onClick={() => onApply(requests([image.id]))}
          data-testid="pixel-apply-image"
        >
          Find on this image
        </Button>
        <Button
          variant="default"
          disabled={isBusy}
          onClick={() => onApply(requests(null))}
          data-testid="pixel-apply-project"
        >
          On all images
        </Button>
      </Group>
    </Stack>
  );
}
