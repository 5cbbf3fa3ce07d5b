/** What of the classifier is laid over the picture, and how strong. */
import { Select, Slider, Stack, Switch, Text } from "@mantine/core";
import type { PixelClassifier } from "../../api/types";
import { setPixels, usePixels } from "../../state/pixels";

export function PreviewControls({ classifier }: { classifier: PixelClassifier }) {
  const { showsPreview, opacity, only, preview, problem } = usePixels();
  const shown = only !== null && only < classifier.classes.length ? only : null;
  return (
    <Stack gap={6} data-testid="pixel-preview" data-state={preview} data-version={classifier.version}>
      <Switch
        label="Preview on the picture"
        checked={showsPreview}
        onChange={({ currentTarget }) => setPixels({ showsPreview: currentTarget.checked })}
        data-testid="pixel-preview-on"
      />
      {showsPreview ? (
        <>
          <Select
            label="Show"
            data={[
              { value: "all", label: "The most probable class" },
              ...classifier.classes.map(({ name }, place) => ({
                value: String(place),
                label: `Probability of ${name}`,
              })),
            ]}
            allowDeselect={false}
            value={shown === null ? "all" : String(shown)}
            onChange={(value) =>
              setPixels({ only: value === null || value === "all" ? null : Number(value) })
            }
            data-testid="pixel-only"
          />
          <div>
            <Text size="xs" fw={500}>
              Opacity
            </Text>
            <Slider
              size="sm"
              min={0.1}
              max={1}
              step={0.05}
              label={null}
              value={opacity}
              onChange={(value) => setPixels({ opacity: value })}
              thumbLabel="Opacity of the preview"
            />
          </div>
          {preview === "failed" ? (
            <Text size="xs" c="var(--mantine-color-error)" data-testid="pixel-problem">
              {problem}
            </Text>
          ) : null}
        </>
      ) : null}
    </Stack>
  );
}
