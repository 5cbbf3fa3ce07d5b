/** How the channels of an image are shown, and the shader variables that say so. */
import type { ExpressionValue } from "ol/expr/expression";
import type { Image } from "../api/types";

/** One texture holds four values a pixel. */
export const BAND_COUNT = 4;

export interface ChannelDisplay {
  readonly index: number;
  readonly name: string;
  /** #rrggbb */
  readonly color: string;
  readonly low: number;
  readonly high: number;
  /** Brightness is the position between low and high to this power, as on the server: above 1 darkens the middle. */
  readonly gamma: number;
  readonly isVisible: boolean;
}

export function initialChannels(image: Image): ChannelDisplay[] {
  return image.channels.map((channel, index) => ({
    index,
    name: channel.name || `Channel ${index + 1}`,
    color: channel.color,
    low: channel.low,
    high: channel.high,
    gamma: 1,
    isVisible: index < BAND_COUNT,
  }));
}

/**
 * The channels that are fetched: all of them while four suffice, so that an eye costs no request;
 * else the first four visible ones.
 */
export function visibleBands(channels: readonly ChannelDisplay[]): number[] {
  const wanted = channels.length <= BAND_COUNT ? channels : channels.filter((c) => c.isVisible);
  return wanted.slice(0, BAND_COUNT).map((c) => c.index);
}

/** With the channel's eye toggled; where four are open already, the last opened of the others closes. */
export function toggled(channels: readonly ChannelDisplay[], index: number): ChannelDisplay[] {
  const open = channels.filter((c) => c.isVisible && c.index !== index);
  const opens = !channels.find((c) => c.index === index)?.isVisible;
  const closes = opens && open.length >= BAND_COUNT ? open.at(-1)?.index : undefined;
  return channels.map((c) => {
    if (c.index === index) return { ...c, isVisible: !c.isVisible };
    return c.index === closes ? { ...c, isVisible: false } : c;
  });
}

const rgbOf = (color: string): [number, number, number] => {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
};

/** Names are `b0_low` and so on for the four bands; a closed or missing one has black as its colour. */
export function channelVariables(
  channels: readonly ChannelDisplay[],
  bands: readonly number[],
): Record<string, number> {
  const variables: Record<string, number> = {};
  for (let band = 0; band < BAND_COUNT; band += 1) {
    const channel = channels.find((c) => c.index === bands[band]);
    const [r, g, b] = channel?.isVisible ? rgbOf(channel.color) : [0, 0, 0];
    const low = channel?.low ?? 0;
    variables[`b${band}_red`] = r;
    variables[`b${band}_green`] = g;
    variables[`b${band}_blue`] = b;
    variables[`b${band}_low`] = low;
    variables[`b${band}_span`] = Math.max((channel?.high ?? 1) - low, 1e-9);
    variables[`b${band}_power`] = channel?.gamma ?? 1;
  }
  return variables;
}

function shade(band: number): ExpressionValue {
  const scaled = ["/", ["-", ["band", band + 1], ["var", `b${band}_low`]], ["var", `b${band}_span`]];
  return ["^", ["clamp", scaled, 0, 1], ["var", `b${band}_power`]];
}

function sumOf(part: "red" | "green" | "blue", bands: number): ExpressionValue {
  const terms = Array.from({ length: bands }, (_, band) => ["*", shade(band), ["var", `b${band}_${part}`]]);
  return ["clamp", terms.length > 1 ? ["+", ...terms] : terms[0], 0, 1];
}

/** Additive mixing of as many bands as an image with so many channels fills. */
export function channelStyle(channelCount: number): ExpressionValue[] {
  const bands = Math.min(Math.max(channelCount, 1), BAND_COUNT);
  return ["array", sumOf("red", bands), sumOf("green", bands), sumOf("blue", bands), 1];
}
