/** How the picture is shown: channels, or brightness, contrast and one dye alone. */
import { Button, ColorInput, Group, Radio, RangeSlider, Slider, Stack, Text } from "@mantine/core";
import { IconEye, IconEyeOff, IconWand } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { histogramQuery } from "../../api/images";
import type { ChannelHistogram, Image } from "../../api/types";
import { VIEW_NAMES, type ViewName } from "../../pixels/stains";
import { toggleChannel } from "../../state/commands";
import { setWorkspace, useWorkspace, workspace } from "../../state/workspace";
import { number } from "../../ui/format";
import { IconButton } from "../../ui/parts";
import { BAND_COUNT, type ChannelDisplay } from "../../viewer/channels";

export function DisplayPanel({ image }: { image: Image }) {
  return (
    <Stack gap="md" className="panel" data-testid="display-panel">
      {image.rgb ? <ColourPicture /> : <Channels image={image} />}
    </Stack>
  );
}

const ColourPicture = () => (
  <>
    <ViewChoice />
    <ToneSliders />
  </>
);

const VIEW_LABELS: Record<ViewName, string> = {
  recorded: "As recorded",
  haematoxylin: "Haematoxylin",
  eosin: "Eosin",
  dab: "DAB (residual)",
  threshold: "Threshold",
};

function ViewChoice() {
  const view = useWorkspace((s) => s.view);
  return (
    <>
      <Radio.Group
        label="View"
        size="xs"
        value={view.name}
        onChange={(name) => setWorkspace({ view: { ...view, name: name as ViewName } })}
        data-testid="view-choice"
      >
        <Stack gap={6} mt={6}>
          {VIEW_NAMES.map((name) => (
            <Radio key={name} size="xs" value={name} label={VIEW_LABELS[name]} data-testid={`view-${name}`} />
          ))}
        </Stack>
      </Radio.Group>
      {view.name === "threshold" ? <LevelSlider level={view.level} /> : null}
    </>
  );
}

/** The picture follows when the thumb is let go: each level is another picture. */
function LevelSlider({ level }: { level: number }) {
  const [value, setValue] = useState(level);
  return (
    <div>
      <Group justify="space-between">
        <Text size="xs" fw={500}>
          Dark below
        </Text>
        <Text size="xs" className="numbers" c="var(--text-dim)">
          {value}
        </Text>
      </Group>
      <Slider
        size="sm"
        min={1}
        max={255}
        label={null}
        value={value}
        onChange={setValue}
        onChangeEnd={(end) => setWorkspace({ view: { ...workspace().view, level: end } })}
        thumbLabel="Brightness below which a pixel is dark"
        data-testid="view-level"
      />
    </div>
  );
}

function ToneSliders() {
  const tone = useWorkspace((s) => s.tone);
  const slider = (name: "brightness" | "contrast", label: string) => (
    <div>
      <Group justify="space-between">
        <Text size="xs" fw={500}>
          {label}
        </Text>
        <Text size="xs" className="numbers" c="var(--text-dim)">
          {Math.round(tone[name] * 100)} %
        </Text>
      </Group>
      <Slider
        size="sm"
        min={0.2}
        max={3}
        step={0.02}
        label={null}
        value={tone[name]}
        onChange={(value) => setWorkspace({ tone: { ...tone, [name]: value } })}
        thumbLabel={label}
        data-testid={`tone-${name}`}
      />
    </div>
  );
  return (
    <>
      {slider("brightness", "Brightness")}
      {slider("contrast", "Contrast")}
      <Button variant="default" onClick={() => setWorkspace({ tone: { brightness: 1, contrast: 1 } })}>
        Reset brightness and contrast
      </Button>
    </>
  );
}

function change(index: number, part: Partial<ChannelDisplay>): void {
  const { channels } = workspace();
  setWorkspace({ channels: channels.map((c) => (c.index === index ? { ...c, ...part } : c)) });
}

function Channels({ image }: { image: Image }) {
  const channels = useWorkspace((s) => s.channels);
  const plane = useWorkspace((s) => s.plane);
  const { data: histograms } = useQuery(histogramQuery(image.id, plane.z, plane.t));
  const auto = () => {
    setWorkspace({
      channels: channels.map((c) => {
        const found = histograms?.find(({ channel }) => channel === c.index);
        return found ? { ...c, low: found.low, high: found.high } : c;
      }),
    });
  };
  return (
    <>
      <Group justify="space-between">
        <Text size="xs" c="var(--text-dim)">
          {channels.length > BAND_COUNT
            ? `Four of ${channels.length} channels at a time`
            : "Ctrl+1 … 9 toggle channels"}
        </Text>
        <Button
          variant="default"
          leftSection={<IconWand size={13} />}
          onClick={auto}
          disabled={!histograms}
          data-testid="auto-all"
        >
          Auto all
        </Button>
      </Group>
      {channels.map((channel) => (
        <ChannelRow
          key={channel.index}
          channel={channel}
          histogram={histograms?.find((h) => h.channel === channel.index) ?? null}
        />
      ))}
    </>
  );
}

interface ChannelRowProps {
  channel: ChannelDisplay;
  histogram: ChannelHistogram | null;
}

function ChannelRow({ channel, histogram }: ChannelRowProps) {
  const { index, isVisible } = channel;
  return (
    <div data-testid="channel-row" data-channel={index}>
      <Group gap={6} wrap="nowrap" mb={4}>
        <IconButton
          label={isVisible ? `Hide ${channel.name}` : `Show ${channel.name}`}
          {...(index < 9 ? { shortcut: `Ctrl+${index + 1}` } : {})}
          pressed={isVisible}
          testId="channel-eye"
          onClick={() => toggleChannel(index)}
        >
          {isVisible ? <IconEye size={15} /> : <IconEyeOff size={15} />}
        </IconButton>
        <Text size="xs" fw={500} className="ellipsis" flex={1} title={channel.name}>
          {channel.name}
        </Text>
        <ColorInput
          w={116}
          size="xs"
          aria-label={`Colour of ${channel.name}`}
          format="hex"
          value={channel.color}
          onChange={(color) => /^#[0-9a-f]{6}$/i.test(color) && change(index, { color })}
          swatches={["#ffffff", "#ff0000", "#00ff00", "#0066ff", "#ff00ff", "#00ffff", "#ffff00"]}
          swatchesPerRow={7}
        />
        <IconButton
          label={`Automatic range for ${channel.name}`}
          testId="channel-auto"
          disabled={!histogram}
          onClick={() => histogram && change(index, { low: histogram.low, high: histogram.high })}
        >
          <IconWand size={15} />
        </IconButton>
      </Group>
      <RangeWithHistogram channel={channel} histogram={histogram} />
      <Group gap={8} wrap="nowrap">
        <Text
          size="xs"
          c="var(--text-dim)"
          w={82}
          className="numbers"
          style={{ whiteSpace: "nowrap" }}
          title="Below 1 brightens the middle, above 1 darkens it, as in ImageJ and napari"
        >
          Gamma {channel.gamma.toFixed(2)}
        </Text>
        <Slider
          flex={1}
          size="xs"
          min={0.2}
          max={4}
          step={0.05}
          label={null}
          value={channel.gamma}
          onChange={(gamma) => change(index, { gamma })}
          thumbLabel={`Gamma of ${channel.name}`}
        />
      </Group>
    </div>
  );
}

function RangeWithHistogram({ channel, histogram }: ChannelRowProps) {
  const least = Math.min(histogram?.minimum ?? channel.low, channel.low);
  const most = Math.max(histogram?.maximum ?? channel.high, channel.high);
  const span = most - least || 1;
  return (
    <div>
      <Histogram channel={channel} histogram={histogram} least={least} span={span} />
      <RangeSlider
        size="xs"
        min={least}
        max={least + span}
        step={span / 1000}
        minRange={span / 1000}
        label={null}
        value={[channel.low, channel.high]}
        onChange={([low, high]) => change(channel.index, { low, high })}
        thumbFromLabel={`Darkest value of ${channel.name}`}
        thumbToLabel={`Brightest value of ${channel.name}`}
        data-testid="channel-range"
      />
      <Group justify="space-between">
        <Text size="xs" c="var(--text-dim)" className="numbers">
          {number(Number(channel.low.toPrecision(4)))}
        </Text>
        <Text size="xs" c="var(--text-dim)" className="numbers">
          {number(Number(channel.high.toPrecision(4)))}
        </Text>
      </Group>
    </div>
  );
}

interface HistogramProps extends ChannelRowProps {
  least: number;
  span: number;
}

const HEIGHT = 34;

/** Counts on a logarithmic scale: a dark background would flatten everything else. */
function Histogram({ channel, histogram, least, span }: HistogramProps) {
  const path = useMemo(() => {
    if (!histogram) return "";
    const top = Math.log1p(Math.max(...histogram.counts, 1));
    const step = (histogram.maximum - histogram.minimum) / histogram.counts.length;
    const x = (i: number) => (((histogram.minimum + i * step - least) / span) * 100).toFixed(2);
    const y = (count: number) => (HEIGHT - (Math.log1p(count) / top) * HEIGHT).toFixed(1);
    const steps = histogram.counts.map((count, i) => `L${x(i)} ${y(count)}L${x(i + 1)} ${y(count)}`);
    return `M${x(0)} ${HEIGHT}${steps.join("")}L${x(histogram.counts.length)} ${HEIGHT}Z`;
  }, [histogram, least, span]);
  const low = ((channel.low - least) / span) * 100;
  const high = ((channel.high - least) / span) * 100;
  return (
    <svg
      viewBox={`0 0 100 ${HEIGHT}`}
      preserveAspectRatio="none"
      width="100%"
      height={HEIGHT}
      role="img"
      aria-label={`Histogram of ${channel.name}`}
      style={{
        display: "block",
        background: "#0a0d10",
        borderRadius: 4,
        marginBottom: 3,
        opacity: channel.isVisible ? 1 : 0.45,
      }}
    >
      <path d={path} fill={channel.color} opacity={0.85} />
      <rect x={0} y={0} width={Math.max(0, low)} height={HEIGHT} fill="#000" opacity={0.55} />
      <rect x={high} y={0} width={Math.max(0, 100 - high)} height={HEIGHT} fill="#000" opacity={0.55} />
    </svg>
  );
}
