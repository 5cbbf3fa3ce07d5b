/** Beside the tools: what the tool in hand can be told, where it looks at pixels. */
import { SegmentedControl, Select, Slider } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { messageFrom } from "../../api/http";
import { modelsQuery } from "../../api/models";
import { tell } from "../../state/notices";
import { chooseGrowing, chooseModel, setToolOptions, useToolOptions } from "../../state/toolOptions";
import { useWorkspace } from "../../state/workspace";
import { GROWING } from "../../viewer/tools/options";
import type { ToolName } from "../../viewer/tools/tool";

interface NumberProps {
  label: string;
  testId: string;
  value: number;
  least: number;
  most: number;
  onChange(value: number): void;
}

function NumberOption({ label, testId, value, least, most, onChange }: NumberProps) {
  return (
    <div className="tool-option">
      <span id={`${testId}-label`}>{label}</span>
      <Slider
        w={130}
        size="sm"
        min={least}
        max={most}
        value={value}
        onChange={onChange}
        label={null}
        data-testid={testId}
        thumbProps={{ "aria-labelledby": `${testId}-label` }}
      />
      <output className="tool-option-number">{value}</output>
    </div>
  );
}

function Tolerance() {
  const tolerance = useToolOptions((s) => s.tolerance);
  return (
    <NumberOption
      label="Tolerance"
      testId="option-tolerance"
      value={tolerance}
      least={0}
      most={128}
      onChange={(value) => setToolOptions({ tolerance: value })}
    />
  );
}

function ThresholdKeeps() {
  const keeps = useToolOptions((s) => s.thresholdKeeps);
  return (
    <div className="tool-option">
      <span>Take</span>
      <SegmentedControl
        size="xs"
        aria-label="Which objects of the box"
        data-testid="option-threshold"
        value={keeps}
        onChange={(value) => setToolOptions({ thresholdKeeps: value as "largest" | "all" })}
        data={[
          { value: "largest", label: "the largest" },
          { value: "all", label: "all in the box" },
        ]}
      />
    </div>
  );
}

function PatchSide() {
  const side = useToolOptions((s) => s.superpixelSide);
  return (
    <NumberOption
      label="Size of a patch"
      testId="option-superpixel"
      value={side}
      least={6}
      most={120}
      onChange={(value) => setToolOptions({ superpixelSide: value })}
    />
  );
}

function Assist() {
  const drag = useToolOptions((s) => s.assistDrag);
  return (
    <>
      <AssistMethod />
      <div className="tool-option">
        <span>Drag</span>
        <SegmentedControl
          size="xs"
          aria-label="What a drag draws"
          data-testid="option-assist-drag"
          value={drag}
          onChange={(value) => setToolOptions({ assistDrag: value as "line" | "box" })}
          data={[
            { value: "line", label: "a line" },
            { value: "box", label: "a box" },
          ]}
        />
      </div>
    </>
  );
}

function AssistMethod() {
  const method = useToolOptions((s) => s.assistMethod);
  const { data: models } = useQuery(modelsQuery);
  const [isLoading, setLoading] = useState(false);
  const choose = (name: string | null): void => {
    if (!name || name === GROWING) return chooseGrowing();
    setLoading(true);
    chooseModel(name)
      .catch((error: unknown) => tell({ kind: "error", message: messageFrom(error) }))
      .finally(() => setLoading(false));
  };
  return (
    <div className="tool-option">
      <span>Found by</span>
      <Select
        w={190}
        size="xs"
        aria-label="Who finds contours"
        data-testid="option-assist-method"
        disabled={isLoading}
        allowDeselect={false}
        placeholder="Loading…"
        value={method === null ? null : method.kind === "model" ? method.model.name : GROWING}
        onChange={choose}
        data={[
          ...(models ?? []).map(({ name, title }) => ({ value: name, label: title })),
          { value: GROWING, label: "Region growing" },
        ]}
      />
    </div>
  );
}

const OPTIONS: Partial<Record<ToolName, ReactNode>> = {
  wand: <Tolerance />,
  fill: <Tolerance />,
  threshold: <ThresholdKeeps />,
  superpixel: <PatchSide />,
  assist: <Assist />,
};

export function ToolOptions() {
  const tool = useWorkspace((s) => s.tool);
  const options = OPTIONS[tool];
  return options ? (
    <fieldset className="tool-options" data-testid="tool-options" aria-label="Options of the tool">
      {options}
    </fieldset>
  ) : null;
}
