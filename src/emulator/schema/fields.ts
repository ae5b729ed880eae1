/** Reading the members of stored definitions. */
import { type Data, isArrayData, isObjectData, type ObjectData } from "../data/value.ts";

/** The member `name` if it is a string. */
export function textOf(fields: ObjectData, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === "string" ? value : undefined;
}

/** The name of a definition; empty if it has none. */
export function nameOf(fields: ObjectData): string {
  return textOf(fields, "name") ?? "";
}

/** The objects below member `name`, by their names. */
export function objectsOf(fields: ObjectData, name: string): [string, ObjectData][] {
  const value = fields.get(name);
  if (!isObjectData(value)) return [];
  return [...value].filter((entry): entry is [string, ObjectData] => isObjectData(entry[1]));
}

/** The elements of a list; a single value counts as a list of one, nothing as an empty one. */
export function listOf(value: Data | undefined): readonly Data[] {
  if (value === undefined || value === null) return [];
  return isArrayData(value) ? value : [value];
}
