/** Child databases. */
import { NATIVE } from "../../../data/ids.ts";
import type { ObjectData } from "../../../data/value.ts";
import type { FieldFailure } from "../../failure.ts";
import { dataField, invalidType, isFlag, nameField, optionalField } from "../field.ts";
import type { Kind } from "./kind.ts";

const MAX_PRIORITY = 500n;

const CHECKS = [
  nameField,
  dataField,
  priorityField,
  optionalField("typechecked", "Boolean", isFlag),
  optionalField("protected", "Boolean", isFlag),
  optionalField("container", "Boolean", isFlag),
];

export const databaseKind: Kind = {
  collection: NATIVE.Database,
  members: new Set(["name", "data", "priority", "typechecked", "protected", "container"]),
  retained: new Set(["global_id"]),
  kept: new Set(["name"]),
  validate: (fields) => CHECKS.flatMap((check) => check(fields)),
};

function priorityField(fields: ObjectData): FieldFailure[] {
  const priority = fields.get("priority");
  if (priority === undefined || priority === null) return [];
  const isPriority = typeof priority === "bigint" && priority >= 1n && priority <= MAX_PRIORITY;
  return isPriority ? [] : [invalidType(["priority"], priority, "Priority")];
}
