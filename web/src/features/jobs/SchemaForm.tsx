/** A form made from the parameters of a method. */
import { Anchor, Checkbox, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Field, type FieldValue, problemWith, type Values } from "./schema";

interface Props {
  fields: readonly Field[];
  values: Values;
  onChange(name: string, value: FieldValue): void;
}

export function SchemaForm({ fields, values, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const basic = fields.filter((field) => !field.isAdvanced);
  const advanced = fields.filter((field) => field.isAdvanced);
  const input = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      value={values[field.name] ?? null}
      onChange={(v) => onChange(field.name, v)}
    />
  );
  return (
    <Stack gap="xs">
      {basic.map(input)}
      {advanced.length > 0 ? (
        <Anchor
          component="button"
          type="button"
          size="xs"
          onClick={() => setOpen(!isOpen)}
          aria-expanded={isOpen}
          ta="left"
        >
          {isOpen ? "Fewer settings" : `More settings (${advanced.length})`}
        </Anchor>
      ) : null}
      {isOpen ? advanced.map(input) : null}
    </Stack>
  );
}

interface FieldProps {
  field: Field;
  value: FieldValue;
  onChange(value: FieldValue): void;
}

function FieldInput({ field, value, onChange }: FieldProps) {
  const common = {
    label: field.unit ? `${field.title} (${field.unit.replace("^2", "²").replace("um", "µm")})` : field.title,
    description: field.description || undefined,
    "data-testid": `param-${field.name}`,
  };
  const error = problemWith(field, value);
  switch (field.kind) {
    case "number":
      return (
        <NumberInput
          {...common}
          error={error}
          value={typeof value === "number" ? value : ""}
          onChange={(v) => onChange(v === "" ? null : Number(v))}
          allowDecimal={!field.isInteger}
          step={field.isInteger ? 1 : 0.1}
          placeholder={field.isOptional || field.initial === null ? "automatic" : ""}
          {...(field.minimum === null ? {} : { min: field.minimum })}
          {...(field.maximum === null ? {} : { max: field.maximum })}
          clampBehavior="none"
        />
      );
    case "choice":
      return (
        <Select
          {...common}
          error={error}
          data={[...field.options]}
          value={value === null ? null : String(value)}
          onChange={onChange}
          clearable={field.isOptional}
          allowDeselect={field.isOptional}
          placeholder="automatic"
        />
      );
    case "boolean":
      return (
        <Checkbox {...common} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
      );
    case "text":
      return (
        <TextInput
          {...common}
          value={String(value ?? "")}
          onChange={(e) => onChange(e.currentTarget.value)}
        />
      );
  }
}
