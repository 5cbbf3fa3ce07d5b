/** A short way through the workbench; nothing behind it is blocked. */
import { Button, CloseButton, Group, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { create } from "zustand";
import { isTourSeen, rememberTour, STEPS } from "./steps";

const useTour = create<{ at: number | null }>()(() => ({ at: isTourSeen() ? null : 0 }));

export const startTour = (): void => useTour.setState({ at: 0 });

function endTour(): void {
  rememberTour();
  useTour.setState({ at: null });
}

export function Tour() {
  const at = useTour((s) => s.at);
  const step = at === null ? undefined : STEPS[at];
  const mark = useMark(step?.points ?? null);
  if (at === null || !step) return null;
  const isLast = at === STEPS.length - 1;
  return (
    <>
      {mark ? <div className="tour-mark" style={mark} aria-hidden /> : null}
      <section className="tour" aria-label="Tour" aria-live="polite" data-testid="tour">
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600} size="sm">
            {step.title}
          </Text>
          <CloseButton size="sm" aria-label="End the tour" onClick={endTour} data-testid="tour-end" />
        </Group>
        <Text size="sm" mt={4}>
          {step.text}
        </Text>
        <Group justify="space-between" mt="sm">
          <Text size="xs" c="var(--text-dim)">
            {at + 1} of {STEPS.length}
          </Text>
          <Group gap="xs">
            {at > 0 ? (
              <Button size="xs" variant="default" onClick={() => useTour.setState({ at: at - 1 })}>
                Back
              </Button>
            ) : null}
            <Button
              size="xs"
              onClick={() => (isLast ? endTour() : useTour.setState({ at: at + 1 }))}
              data-testid="tour-next"
            >
              {isLast ? "Start" : "Next"}
            </Button>
          </Group>
        </Group>
      </section>
    </>
  );
}

interface Mark {
  left: number;
  top: number;
  width: number;
  height: number;
}

const RIM_PX = 3;

/** Where the thing is that a step is about. */
function useMark(testId: string | null): Mark | null {
  const [mark, setMark] = useState<Mark | null>(null);
  useEffect(() => {
    if (!testId) return setMark(null);
    const place = () => {
      const box = document.querySelector(`[data-testid="${testId}"]`)?.getBoundingClientRect();
      setMark(
        box
          ? {
              left: box.left - RIM_PX,
              top: box.top - RIM_PX,
              width: box.width + 2 * RIM_PX,
              height: box.height + 2 * RIM_PX,
            }
          : null,
      );
    };
    place();
    window.addEventListener("resize", place);
    return () => window.removeEventListener("resize", place);
  }, [testId]);
  return mark;
}
