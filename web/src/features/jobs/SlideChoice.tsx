/** What matters for slides alone: look only at tissue, and at which resolution. */
import { NumberInput, Stack, Switch } from "@mantine/core";
import type { Image } from "../../api/types";

/** Images beyond this many pixels are segmented in tiles. */
const PIECE_PIXELS = 12_000_000;

export interface SlideOptions {
  foreground: string | null;
  pixel_um: number | null;
}

export function isSlide(image: Image): boolean {
  return (image.width ?? 0) * (image.height ?? 0) > PIECE_PIXELS;
}

/** Tissue is looked for on stained sections by itself; in fluorescence dim cells could be missed. */
export function initialOptions(image: Image): SlideOptions {
  return { foreground: isSlide(image) && image.rgb ? "tissue" : null, pixel_um: null };
}

interface Props {
  image: Image;
  options: SlideOptions;
  onChange(options: SlideOptions): void;
}

export function SlideChoice({ image, options, onChange }: Props) {
  const own = image.pixel_width_um;
  return (
    <Stack gap="sm" data-testid="segment-slide">
      <Switch
        label="Only where there is tissue"
        description="Empty glass is left out: faster, and no dirt is counted."
        checked={options.foreground !== null}
        onChange={({ currentTarget }) =>
          onChange({ ...options, foreground: currentTarget.checked ? "tissue" : null })
        }
        data-testid="segment-tissue"
      />
      <NumberInput
        label="Resolution"
        description={
          own
            ? "Coarser is faster. Empty for the slide's own."
            : "The size of this slide's pixels is not known, so it is analysed as it is."
        }
        placeholder={own ? `${Number(own.toPrecision(3))}` : undefined}
        suffix=" µm per pixel"
        min={own ?? undefined}
        max={1000}
        decimalScale={3}
        disabled={!own}
        value={options.pixel_um ?? ""}
        onChange={(value) =>
          onChange({ ...options, pixel_um: typeof value === "number" && value > 0 ? value : null })
        }
        data-testid="segment-resolution"
      />
    </Stack>
  );
}
