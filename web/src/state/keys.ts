/** The keymap in use: a preset with the user's own changes, remembered by the browser. */
import { create } from "zustand";
import type { Binding } from "../keys/keymap";
import { type Keys, keymapOf, parseKeys } from "../keys/presets";

export interface KeySettings {
  readonly preset: string;
  readonly own: Keys;
  readonly keymap: readonly Binding[];
}

const KEY = "cytoloop-keys";

function kept(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden
    return null;
  }
}

const settingsOf = (preset: string, own: Keys): KeySettings => ({
  preset,
  own,
  keymap: keymapOf(preset, own),
});

export const useKeySettings = create<KeySettings>()(() => {
  const { preset, own } = parseKeys(kept());
  return settingsOf(preset, own);
});

export const keymap = (): readonly Binding[] => useKeySettings.getState().keymap;

function change(preset: string, own: Keys): void {
  useKeySettings.setState(settingsOf(preset, own));
  try {
    window.localStorage.setItem(KEY, JSON.stringify({ preset, own }));
  } catch {
    // then they are forgotten with the page
  }
}

/** Another preset; the user's own keys stay. */
export const choosePreset = (preset: string): void => change(preset, useKeySettings.getState().own);

export function bindKeys(action: string, keys: readonly string[]): void {
  const { preset, own } = useKeySettings.getState();
  change(preset, { ...own, [action]: keys });
}

export function resetKeys(action: string): void {
  const { preset, own } = useKeySettings.getState();
  change(preset, Object.fromEntries(Object.entries(own).filter(([name]) => name !== action)));
}

export const resetAllKeys = (): void => change("default", {});
