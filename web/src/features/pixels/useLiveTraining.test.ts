import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useLiveTraining } from "./useLiveTraining";

interface Given {
  isOn: boolean;
  isBusy: boolean;
  material: string | null;
}

describe("training that follows the scribbles", () => {
  let root: Root;
  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.useFakeTimers();
    root = createRoot(document.createElement("div"));
  });
  afterEach(() => {
    act(() => root.unmount());
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function live() {
    const train = vi.fn();
    const Live = (given: Given) => {
      useLiveTraining({ ...given, train });
      return null;
    };
    const rerender = (given: Given) => act(() => root.render(createElement(Live, given)));
    rerender({ isOn: true, isBusy: false, material: "a" });
    return { train, rerender };
  }

  it("waits for the last scribble", () => {
    const { train, rerender } = live();
    vi.advanceTimersByTime(600);
    rerender({ isOn: true, isBusy: false, material: "b" });
    vi.advanceTimersByTime(600);
    expect(train).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    expect(train).toHaveBeenCalledTimes(1);
  });

  it("trains once on the same scribbles, and again after what came meanwhile", () => {
    const { train, rerender } = live();
    vi.advanceTimersByTime(1100);
    rerender({ isOn: true, isBusy: true, material: "a" });
    rerender({ isOn: true, isBusy: false, material: "a" }); // it failed, say
    vi.advanceTimersByTime(5000);
    expect(train).toHaveBeenCalledTimes(1);
    rerender({ isOn: true, isBusy: true, material: "b" });
    vi.advanceTimersByTime(5000);
    expect(train).toHaveBeenCalledTimes(1);
    rerender({ isOn: true, isBusy: false, material: "b" });
    vi.advanceTimersByTime(1100);
    expect(train).toHaveBeenCalledTimes(2);
  });

  it("does nothing while it is off, or where nothing is new", () => {
    const { train, rerender } = live();
    rerender({ isOn: false, isBusy: false, material: "a" });
    vi.advanceTimersByTime(5000);
    rerender({ isOn: true, isBusy: false, material: null });
    vi.advanceTimersByTime(5000);
    expect(train).not.toHaveBeenCalled();
  });
});
