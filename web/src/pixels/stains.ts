/**
 * Views of a stained section on the fly: one dye alone, or what is darker than a threshold.
 *
 * Colour deconvolution after A. C. Ruifrok and D. A. Johnston, "Quantification of histochemical staining by color
 * deconvolution", Anal Quant Cytol Histol 23 (2001) 291-299: optical densities of dyes add up, so that the amounts of
 * three dyes follow from the densities of red, green and blue. The directions below are those of the paper.
 */

export const STAINS = ["haematoxylin", "eosin", "dab"] as const;
export type Stain = (typeof STAINS)[number];
export const VIEW_NAMES = ["recorded", ...STAINS, "threshold"] as const;
export type ViewName = (typeof VIEW_NAMES)[number];

export interface PictureView {
  readonly name: ViewName;
  /** Brightness from 0 to 255 below which the threshold view shows a pixel as dark. */
  readonly level: number;
}

export const AS_RECORDED: PictureView = { name: "recorded", level: 190 };

type Triple = readonly [number, number, number];

/** Optical density of red, green and blue a unit of dye. */
const DIRECTIONS: Record<Stain, Triple> = {
  haematoxylin: unit([0.65, 0.7, 0.29]),
  eosin: unit([0.07, 0.99, 0.11]),
  dab: unit([0.27, 0.57, 0.78]),
};

function unit([r, g, b]: Triple): Triple {
  const length = Math.hypot(r, g, b);
  return [r / length, g / length, b / length];
}

const crossed = ([a, b, c]: Triple, [d, e, f]: Triple): Triple => [
  b * f - c * e,
  c * d - a * f,
  a * e - b * d,
];
const dot = ([a, b, c]: Triple, [d, e, f]: Triple): number => a * d + b * e + c * f;

/** What leads from the densities of red, green and blue to the amount of one dye: a column of the inverse. */
function weightsOf(stain: Stain): Triple {
  const [other, third] = STAINS.filter((one) => one !== stain).map((one) => DIRECTIONS[one]) as [
    Triple,
    Triple,
  ];
  const normal = crossed(other, third);
  const scale = dot(normal, DIRECTIONS[stain]);
  return [normal[0] / scale, normal[1] / scale, normal[2] / scale];
}

/** Natural logarithm; the darkest value counts as one, so that black has a density. */
const densityOf = (value: number): number => -Math.log(Math.max(1, value) / 255);
const DENSITIES = Float32Array.from({ length: 256 }, (_, value) => densityOf(value));

/** How much of each dye is in a pixel; none is zero, and what the model cannot explain may be below. */
export function amountsOf(pixel: Triple): Record<Stain, number> {
  const densities: Triple = [densityOf(pixel[0]), densityOf(pixel[1]), densityOf(pixel[2])];
  const amount = (stain: Stain): number => dot(weightsOf(stain), densities);
  return { haematoxylin: amount("haematoxylin"), eosin: amount("eosin"), dab: amount("dab") };
}

/** The colour of an amount of one dye on clear glass. */
export const colourOf = (stain: Stain, amount: number): Triple => {
  const [r, g, b] = DIRECTIONS[stain].map((density) => 255 * Math.exp(-density * Math.max(0, amount)));
  return [r ?? 0, g ?? 0, b ?? 0];
};

const MOST = 6;
const STEPS = 1536;

/** The colours of amounts from 0 to `MOST`, one after the other, as bytes. */
function rampOf(stain: Stain): Uint8ClampedArray {
  const ramp = new Uint8ClampedArray(3 * (STEPS + 1));
  for (let i = 0; i <= STEPS; i += 1) ramp.set(colourOf(stain, (i * MOST) / STEPS), 3 * i);
  return ramp;
}

/** Changes RGBA bytes in place; beside the picture, where it is clear, they stay. */
export function recolour(data: Uint8ClampedArray, { name, level }: PictureView): void {
  if (name === "recorded") return;
  if (name === "threshold") darkAndBright(data, level);
  else oneStain(data, name);
}

function oneStain(data: Uint8ClampedArray, stain: Stain): void {
  const [wr, wg, wb] = weightsOf(stain);
  const ramp = rampOf(stain);
  const scale = STEPS / MOST;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const red = DENSITIES[data[at] as number] as number;
    const green = DENSITIES[data[at + 1] as number] as number;
    const blue = DENSITIES[data[at + 2] as number] as number;
    const amount = wr * red + wg * green + wb * blue;
    const from = 3 * Math.min(STEPS, Math.max(0, Math.round(amount * scale)));
    data[at] = ramp[from] as number;
    data[at + 1] = ramp[from + 1] as number;
    data[at + 2] = ramp[from + 2] as number;
  }
}

/** By brightness as the eye sees it (ITU-R BT.601), in thousandths, which are exact. */
function darkAndBright(data: Uint8ClampedArray, level: number): void {
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    const isDark = 299 * red + 587 * green + 114 * blue < 1000 * level;
    data.fill(isDark ? 0 : 255, at, at + 3);
  }
}
