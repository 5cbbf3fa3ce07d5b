/** The second picture beside the first: which image, linked or free, and how the room is shared. */
import { create } from "zustand";
import type { ChannelDisplay } from "../viewer/channels";

export interface Beside {
  readonly isOpen: boolean;
  /** Null: the same image as the first, with other layers or channels. */
  readonly imageId: string | null;
  /** Whether both pan, zoom and turn together. */
  readonly isLinked: boolean;
  /** The first picture's part of the width. */
  readonly share: number;
  /** Layers that the second picture does not show. */
  readonly hiddenLayers: readonly string[];
  /** The second picture's channels; null as they are first shown. */
  readonly channels: readonly ChannelDisplay[] | null;
}

export const SHARES = [0.2, 0.8] as const;

const INITIAL: Beside = {
  isOpen: false,
  imageId: null,
  isLinked: true,
  share: 0.5,
  hiddenLayers: [],
  channels: null,
};

export const useBeside = create<Beside>()(() => INITIAL);

export const setBeside = (change: Partial<Beside>): void => useBeside.setState(change);

export const toggleBeside = (): void => useBeside.setState(({ isOpen }) => ({ isOpen: !isOpen }));

/** Whether there was something to link or to free. */
export function toggleLinked(): boolean {
  const { isOpen, isLinked } = useBeside.getState();
  if (isOpen) setBeside({ isLinked: !isLinked });
  return isOpen;
}

export const chooseBeside = (imageId: string | null): void =>
  setBeside({ imageId, hiddenLayers: [], channels: null });

export const shareRoom = (share: number): void =>
  setBeside({ share: Math.min(SHARES[1], Math.max(SHARES[0], share)) });

export const toggleBesideLayer = (id: string): void =>
  useBeside.setState(({ hiddenLayers }) => ({
    hiddenLayers: hiddenLayers.includes(id)
      ? hiddenLayers.filter((one) => one !== id)
      : [...hiddenLayers, id],
  }));
