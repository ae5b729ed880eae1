/** The `role` of keys and functions: a built-in role, or user-defined ones by name or reference. */
import { isBuiltinRole } from "../../../auth/permissions.ts";
import { NATIVE } from "../../../data/ids.ts";
import type { Transaction } from "../../../data/transaction.ts";
import { type Data, DocRef, isArrayData, type ObjectData } from "../../../data/value.ts";
import type { FieldFailure } from "../../failure.ts";
import { invalidType } from "../field.ts";

function isRole(value: Data): boolean {
  if (typeof value === "string") return true;
  if (value instanceof DocRef) return value.collection === NATIVE.Role;
  if (!isArrayData(value)) return false;
  // Several roles are user-defined ones.
  return value.every((item) => isRole(item) && !(typeof item === "string" && isBuiltinRole(item)));
}

/** A role of the right type, where there is one. */
export function roleField(fields: ObjectData, name: string): FieldFailure[] {
  const role = fields.get(name);
  return role === undefined || role === null || isRole(role)
    ? []
    : [invalidType([name], role, "Role")];
}

/** How the server names what it looks roles up in: an object of its own, with an address that means nothing. */
const ROLE_LOOKUP = "fauna.model.Key$Role$@1e4f0b2c";

/** Roles that are named and not there. */
export function roleFailures(
  fields: ObjectData,
  name: string,
  transaction: Transaction,
): FieldFailure[] {
  const role = fields.get(name);
  const names = (isArrayData(role) ? role : []).filter((item) => typeof item === "string");
  if (typeof role === "string" && !isBuiltinRole(role)) names.push(role);
  return names
    .filter((item) => transaction.definitions.find(NATIVE.Role, item) === undefined)
    .map((item) => ({
      field: [name],
      code: "validation failure",
      description: `${ROLE_LOOKUP} name \`${item}\` does not exist.`,
    }));
}
