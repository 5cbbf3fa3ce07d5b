/** The fields of a form, read from a JSON schema. */
export type FieldValue = number | string | boolean | null;

interface FieldBase {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly isAdvanced: boolean;
  readonly isOptional: boolean;
  readonly initial: FieldValue;
}

export type Field =
  | (FieldBase & { kind: "number"; isInteger: boolean; minimum: number | null; maximum: number | null })
  | (FieldBase & { kind: "choice"; options: readonly { value: string; label: string }[] })
  | (FieldBase & { kind: "boolean" })
  | (FieldBase & { kind: "text" });

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const limit = (value: unknown, step: number): number | null =>
  typeof value === "number" ? value + step : null;

function titled(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Follows `$ref`, and takes the part of "something or null" that is something. */
function resolved(schema: Schema, root: Schema): { schema: Schema; isOptional: boolean } {
  const reference = text(schema.$ref).split("/").slice(1);
  if (reference.length > 0) {
    const target = reference.reduce<unknown>((at, key) => (isSchema(at) ? at[key] : undefined), root);
    if (isSchema(target)) return resolved({ ...target, ...schema, $ref: undefined }, root);
  }
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray) as unknown[] | undefined;
  if (choices) {
    const parts = choices.filter(isSchema);
    const some = parts.find((part) => part.type !== "null");
    const inner = some ? resolved(some, root).schema : {};
    const merged = {
      ...inner,
      ...schema,
      type: inner.type,
      enum: inner.enum ?? schema.enum,
      anyOf: undefined,
    };
    return { schema: merged, isOptional: parts.some((part) => part.type === "null") };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type as unknown[];
    return {
      schema: { ...schema, type: types.find((t) => t !== "null") },
      isOptional: types.includes("null"),
    };
  }
  return { schema, isOptional: false };
}

function initialOf(schema: Schema, fallback: FieldValue): FieldValue {
  const given = schema.default;
  return typeof given === "number" ||
    typeof given === "string" ||
    typeof given === "boolean" ||
    given === null
    ? given
    : fallback;
}

function fieldOf(name: string, raw: Schema, root: Schema): Field {
  const { schema, isOptional } = resolved(raw, root);
  const base = {
    name,
    title: text(schema.title) || titled(name),
    description: text(schema.description),
    unit: text(schema.unit),
    isAdvanced: schema.advanced === true,
    isOptional,
  };
  const options = Array.isArray(schema.enum) ? schema.enum.map(String) : null;
  if (options) {
    const initial = initialOf(schema, isOptional ? null : (options[0] ?? null));
    return {
      ...base,
      kind: "choice",
      initial,
      options: options.map((value) => ({ value, label: titled(value) })),
    };
  }
  if (schema.type === "number" || schema.type === "integer") {
    const isInteger = schema.type === "integer";
    const step = isInteger ? 1 : 0;
    return {
      ...base,
      kind: "number",
      isInteger,
      minimum: limit(schema.minimum, 0) ?? limit(schema.exclusiveMinimum, step),
      maximum: limit(schema.maximum, 0) ?? limit(schema.exclusiveMaximum, -step),
      initial: initialOf(schema, null),
    };
  }
  if (schema.type === "boolean") return { ...base, kind: "boolean", initial: initialOf(schema, false) };
  return { ...base, kind: "text", initial: initialOf(schema, isOptional ? null : "") };
}

export function fieldsOf(schema: Schema): Field[] {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  return Object.entries(properties).flatMap(([name, raw]) =>
    isSchema(raw) ? [fieldOf(name, raw, schema)] : [],
  );
}

export type Values = Readonly<Record<string, FieldValue>>;

export const initialValues = (fields: readonly Field[]): Values =>
  Object.fromEntries(fields.map((field) => [field.name, field.initial]));

/** Why a value cannot be sent, or null. */
export function problemWith(field: Field, value: FieldValue | undefined): string | null {
  if (value === null || value === undefined || value === "") {
    const mayBeEmpty = field.isOptional || field.kind === "text" || field.initial === null;
    return mayBeEmpty ? null : "A value is needed.";
  }
  if (field.kind === "number") {
    if (typeof value !== "number" || !Number.isFinite(value)) return "Write a number.";
    if (field.isInteger && !Number.isInteger(value)) return "Write a whole number.";
    if (field.minimum !== null && value < field.minimum) return `At least ${field.minimum}.`;
    if (field.maximum !== null && value > field.maximum) return `At most ${field.maximum}.`;
  }
  if (field.kind === "choice" && !field.options.some((option) => option.value === String(value))) {
    return "Choose one of the list.";
  }
  return null;
}

/** What is sent: empty values only where the schema has a place for them. */
export function parametersOf(fields: readonly Field[], values: Values): Record<string, FieldValue> {
  const entries = fields.flatMap((field): [string, FieldValue][] => {
    const value = values[field.name];
    if (value === undefined || value === "") return field.isOptional ? [[field.name, null]] : [];
    return value === null && !field.isOptional ? [] : [[field.name, value]];
  });
  return Object.fromEntries(entries);
}
