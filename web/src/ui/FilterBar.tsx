/** Which objects a list shows: a row of the common conditions, and the rest behind a button. */
import { Group, Indicator, NumberInput, Popover, Select, Stack, TextInput } from "@mantine/core";
import { IconFilter, IconFilterOff } from "@tabler/icons-react";
import { IconButton } from "./parts";

export interface Conditions {
  readonly term_id?: number | null;
  readonly min_score?: number | null;
  readonly max_score?: number | null;
  readonly min_area?: number | null;
  readonly max_area?: number | null;
  readonly author?: string | null;
  readonly status?: "accepted" | "predicted" | "rejected" | null;
  readonly tag?: string | null;
  readonly property?: string | null;
  readonly property_value?: string | null;
  readonly text?: string | null;
}

interface Props {
  value: Conditions;
  terms: readonly { id: number; name: string }[];
  authors: readonly string[];
  /** Leaves the state out where it is given by the place. */
  hasStatus?: boolean;
  onChange(value: Conditions): void;
}

const STATES = ["accepted", "predicted", "rejected"] as const;

/** How many of the conditions behind the button are set. */
export function countHidden({ term_id: _, ...rest }: Conditions): number {
  return Object.values(rest).filter((value) => value !== null && value !== undefined && value !== "").length;
}

export function FilterBar(props: Props) {
  const { value, terms, onChange } = props;
  const hidden = countHidden(value);
  return (
    <Group gap={4} wrap="nowrap" data-testid="filter-bar">
      <Select
        w={126}
        flex="none"
        aria-label="Show only one class"
        placeholder="All classes"
        clearable
        data={[
          { value: "0", label: "No class" },
          ...terms.map(({ id, name }) => ({ value: String(id), label: name })),
        ]}
        value={value.term_id === null || value.term_id === undefined ? null : String(value.term_id)}
        onChange={(term) => onChange({ ...value, term_id: term === null ? null : Number(term) })}
        data-testid="object-filter"
      />
      <Popover position="bottom-end" withArrow shadow="md" trapFocus>
        <Indicator label={hidden} size={14} disabled={hidden === 0} color="cyto">
          <Popover.Target>
            <IconButton label="More conditions" testId="filter-more">
              <IconFilter size={16} aria-hidden />
            </IconButton>
          </Popover.Target>
        </Indicator>
        <Popover.Dropdown>
          <More {...props} />
        </Popover.Dropdown>
      </Popover>
      {hidden > 0 || (value.term_id ?? null) !== null ? (
        <IconButton label="Show all objects" testId="filter-clear" onClick={() => onChange({})}>
          <IconFilterOff size={16} aria-hidden />
        </IconButton>
      ) : null}
    </Group>
  );
}

function More({ value, authors, hasStatus = true, onChange }: Props) {
  const text = (name: "tag" | "property" | "property_value" | "text", label: string, hint: string) => (
    <TextInput
      label={label}
      placeholder={hint}
      value={value[name] ?? ""}
      onChange={({ currentTarget }) => onChange({ ...value, [name]: currentTarget.value || null })}
      data-testid={`filter-${name.replace("_", "-")}`}
    />
  );
  const choices = (name: "status" | "author", label: string, data: readonly string[]) => (
    <Select
      label={label}
      placeholder="Any"
      clearable
      data={[...data]}
      value={value[name] ?? null}
      onChange={(chosen) => onChange({ ...value, [name]: chosen })}
      comboboxProps={{ withinPortal: false }}
      data-testid={`filter-${name}`}
    />
  );
  return (
    <Stack gap={6} w={250}>
      <Range label="Score" from="min_score" to="max_score" step={0.05} value={value} onChange={onChange} />
      <Range label="Area (px²)" from="min_area" to="max_area" step={10} value={value} onChange={onChange} />
      {hasStatus ? choices("status", "State", STATES) : null}
      {authors.length > 1 ? choices("author", "Author", authors) : null}
      {text("tag", "Tag", "mitosis")}
      <Group grow gap={6}>
        {text("property", "Property", "stain")}
        {text("property_value", "is", "anything")}
      </Group>
      {text("text", "Number or words", "in the description")}
    </Stack>
  );
}

interface RangeProps {
  label: string;
  from: "min_score" | "min_area";
  to: "max_score" | "max_area";
  step: number;
  value: Conditions;
  onChange(value: Conditions): void;
}

function Range({ label, from, to, step, value, onChange }: RangeProps) {
  const end = (name: RangeProps["from"] | RangeProps["to"], word: string) => (
    <NumberInput
      label={`${label} ${word}`}
      min={0}
      step={step}
      value={value[name] ?? ""}
      onChange={(number) => onChange({ ...value, [name]: typeof number === "number" ? number : null })}
      data-testid={`filter-${name.replace("_", "-")}`}
    />
  );
  return (
    <Group grow gap={6}>
      {end(from, "from")}
      {end(to, "to")}
    </Group>
  );
}
