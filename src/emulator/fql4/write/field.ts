/** Checks of single fields, in the words of the server. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
  StoredLambda,
} from "../../data/value.ts";
import type { FieldFailure } from "../failure.ts";

/** What a stored value is called in `Invalid type …`. */
function storedType(value: Data): string {
  switch (typeof value) {
    case "bigint":
      return "Long";
    case "number":
      return "Double";
    case "boolean":
      return "Boolean";
    case "string":
      return "String";
  }
  if (value === null) return "Null";
  if (isObjectData(value)) return "Map";
  if (isArrayData(value)) return "Array";
  if (value instanceof DocRef) return "Ref";
  if (value instanceof Time) return "Time";
  if (value instanceof LocalDate) return "Date";
  if (value instanceof Uuid) return "UUID";
  if (value instanceof Uint8Array) return "Bytes";
  return value instanceof StoredLambda ? "Query" : "Set";
}

export function invalidType(field: readonly string[], value: Data, expected: string): FieldFailure {
  const description = `Invalid type ${storedType(value)}, expected type ${expected}.`;
  return { field, code: "invalid type", description };
}

export function valueRequired(field: readonly string[]): FieldFailure {
  return { field, code: "value required", description: "Required value not found." };
}

export function invalidReference(field: readonly string[], description: string): FieldFailure {
  return { field, code: "invalid reference", description };
}

/** Takes a definition or document and says what is wrong with one field of it. */
export type FieldCheck = (fields: ObjectData) => readonly FieldFailure[];

/** A field that is of this type where it is there. */
export function optionalField(
  name: string,
  expected: string,
  test: (value: Data) => boolean,
): FieldCheck {
  return (fields) => {
    const value = fields.get(name);
    return value === undefined || value === null || test(value)
      ? []
      : [invalidType([name], value, expected)];
  };
}

/** A field that must be there, and of this type. */
export function requiredField(
  name: string,
  expected: string,
  test: (value: Data) => boolean,
): FieldCheck {
  return (fields) => {
    const value = fields.get(name);
    if (value === undefined || value === null) return [valueRequired([name])];
    return test(value) ? [] : [invalidType([name], value, expected)];
  };
}

export const isLong = (value: Data): boolean => typeof value === "bigint";
export const isText = (value: Data): boolean => typeof value === "string";
export const isFlag = (value: Data): boolean => typeof value === "boolean";

/** User data: an object, if there is any. */
export const dataField = optionalField("data", "Map", isObjectData);
export const ttlField = optionalField("ttl", "Timestamp", (value) => value instanceof Time);

const NAME = /^[;@+$\-_.!~%\p{L}\p{M}\p{N}\p{Pc}]+$/u;

/** The name of a definition. */
export const nameField: FieldCheck = (fields) => {
  const name = fields.get("name");
  const field = ["name"];
  if (name === undefined || name === null) return [valueRequired(field)];
  if (typeof name !== "string") return [invalidType(field, name, "Name")];
  if (!NAME.test(name)) {
    const description = `The name ${name} uses invalid characters. Valid characters must match: [;@+$\\-_.!~%\\w]+`;
    return [{ field, code: "invalid characters", description }];
  }
  if (name !== "_") return [];
  return [{ field, code: "reserved name", description: "Invalid name _. Reserved names: _." }];
};

/** The members of `fields` that are named, in their order. */
export function pick(fields: ObjectData, names: ReadonlySet<string>): ObjectData {
  for (const name of fields.keys()) {
    if (!names.has(name)) return new Map([...fields].filter(([key]) => names.has(key)));
  }
  return fields;
}
