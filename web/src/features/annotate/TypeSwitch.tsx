/** What a drawn area becomes. */
import { SegmentedControl, Tooltip } from "@mantine/core";
import { type AnnotationType, setWorkspace, useWorkspace } from "../../state/workspace";

const TYPES: readonly { value: AnnotationType; label: string; about: string }[] = [
  { value: "instance", label: "Objects", about: "Every drawn area is an object of its own" },
  {
    value: "semantic",
    label: "Regions",
    about: "Painted areas of one class join, and push the other classes aside",
  },
  { value: "box", label: "Boxes", about: "Every drawn area becomes its bounding box" },
];

export function TypeSwitch() {
  const value = useWorkspace((s) => s.annotationType);
  return (
    <SegmentedControl
      className="type-switch"
      size="xs"
      fullWidth
      aria-label="What a drawn area becomes"
      value={value}
      onChange={(next) => setWorkspace({ annotationType: next as AnnotationType })}
      data={TYPES.map((one) => ({
        value: one.value,
        label: (
          <Tooltip label={one.about}>
            <span data-testid={`type-${one.value}`}>{one.label}</span>
          </Tooltip>
        ),
      }))}
    />
  );
}
