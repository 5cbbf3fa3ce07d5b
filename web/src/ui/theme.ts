/** The design tokens: colours, sizes and defaults of the parts, for light and dark. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Deep to bright teal; white on 6 and 7, 7 on white and 3 on dark all pass AA. */
const cyto: MantineColorsTuple = [
  "#e4faf7",
  "#c3f0ea",
  "#94e2d8",
  "#5fd0c3",
  "#33bcae",
  "#16a294",
  "#0a8075",
  "#0a6e66",
  "#0b5752",
  "#083f3c",
];

const dark: MantineColorsTuple = [
  "#d5dae1",
  "#b3bac4",
  "#949ca8",
  "#6b7481",
  "#414a56",
  "#323a45",
  "#262d36",
  "#1b2129",
  "#14191f",
  "#0d1115",
];

/** What closes is gone at once: while it faded it could come between the press and the release of a click below it. */
const GONE_AT_ONCE = { transition: "fade", duration: 120, exitDuration: 0 } as const;

export const theme = createTheme({
  primaryColor: "cyto",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  // black and white are equally far from a colour of this luminance
  luminanceThreshold: 0.179,
  colors: { cyto, dark },
  fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.25rem", xl: "1.75rem" },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" } } },
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { withinPortal: true } } },
    Textarea: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, fz: "xs" } },
    // the placeholder would be a child that a menu may not have
    Menu: {
      defaultProps: { shadow: "md", withInitialFocusPlaceholder: false, transitionProps: GONE_AT_ONCE },
    },
    Popover: { defaultProps: { transitionProps: GONE_AT_ONCE } },
    Modal: { defaultProps: { centered: true, radius: "md", closeButtonProps: { "aria-label": "Close" } } },
    ColorInput: {
      defaultProps: { eyeDropperButtonProps: { "aria-label": "Take a colour from the screen" } },
    },
    Badge: { defaultProps: { size: "xs", radius: "sm", variant: "light" } },
    Tabs: { defaultProps: { variant: "default" } },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {
    "--app-header": "44px",
    "--stage": "#0a0d10",
    "--stage-panel": "rgba(18, 23, 29, 0.93)",
    "--stage-text": "#d5dae1",
    "--stage-dim": "#9aa4b1",
    "--stage-line": "rgba(255, 255, 255, 0.12)",
  },
  light: {
    "--mantine-color-red-6": "#c92a2a",
    "--mantine-color-orange-6": "#b34700",
    "--surface": "#ffffff",
    "--surface-sunk": "#f4f6f8",
    "--surface-raised": "#ffffff",
    "--line": "#dde2e8",
    "--text": "#1b2430",
    "--text-dim": "#566273",
    "--row-hover": "#eef3f5",
    "--row-selected": "#d9f1ee",
    "--accent-text": "#0a6e66",
    "--warning": "#9a4a00",
    "--mantine-color-dimmed": "#566273",
    "--mantine-color-placeholder": "#66717f",
  },
  dark: {
    "--mantine-color-red-6": "#ff7b7b",
    "--surface": "#14191f",
    "--surface-sunk": "#0d1115",
    "--surface-raised": "#1b2129",
    "--line": "#2a323c",
    "--text": "#d5dae1",
    "--text-dim": "#98a3b1",
    "--row-hover": "#1f2730",
    "--row-selected": "#123b3a",
    "--accent-text": "#5fd0c3",
    "--warning": "#ffb86b",
    "--mantine-color-dimmed": "#98a3b1",
    "--mantine-color-placeholder": "#8d97a5",
  },
});

/** Colours that stay apart for colour-blind eyes (Okabe and Ito), for new classes. */
export const CLASS_COLORS = [
  "#e69f00",
  "#56b4e9",
  "#009e73",
  "#f0e442",
  "#0072b2",
  "#d55e00",
  "#cc79a7",
  "#8c6bb1",
  "#7fbc41",
  "#b15928",
] as const;
