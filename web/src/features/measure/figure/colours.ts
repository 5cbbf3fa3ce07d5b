/** Colours of what is drawn: one a group, or along a scale. */

/** Stops of viridis (Smith and van der Walt, given to the public domain): even to the eye and for the colour-blind. */
const VIRIDIS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

/** The colour at a place from 0 to 1. */
export function viridis(place: number): string {
  const at = Math.min(1, Math.max(0, place)) * (VIRIDIS.length - 1);
  const lower = VIRIDIS[Math.floor(at)] ?? VIRIDIS[0];
  const upper = VIRIDIS[Math.ceil(at)] ?? lower;
  const part = at - Math.floor(at);
  const [r, g, b] = [0, 1, 2].map((i) => Math.round((lower[i] ?? 0) * (1 - part) + (upper[i] ?? 0) * part));
  return `rgb(${r},${g},${b})`;
}

/** Apart for colour-blind eyes (Okabe and Ito, without the yellow that white swallows), then of other lightness. */
const GROUPS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#8c6bb1",
  "#7fbc41",
  "#b15928",
  "#666f7a",
];

export const groupColor = (at: number): string => GROUPS[at % GROUPS.length] ?? "#666f7a";

/** Reads on the white of the light theme too, unlike the colour on the picture. */
export const NO_CLASS = "#7f92a8";
