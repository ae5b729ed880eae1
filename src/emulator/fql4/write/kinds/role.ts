/** Roles of v4: privileges and membership by reference, with predicates that are lambdas. */
import { NATIVE } from "../../../data/ids.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
  StoredLambda,
} from "../../../data/value.ts";
import type { Transaction } from "../../../data/transaction.ts";
import type { FieldFailure } from "../../failure.ts";
import { dataField, invalidReference, invalidType, nameField } from "../field.ts";
import { nativeCollectionOf } from "../../value.ts";
import type { Kind } from "./kind.ts";

const ACTIONS = [
  "read",
  "write",
  "create",
  "create_with_id",
  "delete",
  "history_write",
  "history_read",
  "unrestricted_read",
  "call",
];

export const roleKind: Kind = {
  collection: NATIVE.Role,
  members: new Set(["name", "privileges", "membership", "data"]),
  kept: new Set(["name"]),
  validate(fields, { frame }) {
    const { transaction } = frame.session;
    return [
      ...nameField(fields),
      ...dataField(fields),
      ...itemsOf(fields, "privileges").flatMap((item) => privilegeFailures(item, transaction)),
      ...itemsOf(fields, "membership").flatMap((item) => membershipFailures(item, transaction)),
    ];
  },
};

function itemsOf(fields: ObjectData, name: string): readonly Data[] {
  const items = fields.get(name);
  if (items === undefined || items === null) return [];
  return isArrayData(items) ? items : [items];
}

function privilegeFailures(item: Data, transaction: Transaction): FieldFailure[] {
  if (!isObjectData(item)) return [invalidType(["privileges"], item, "Privilege")];
  const actions = item.get("actions");
  return [
    ...resourceFailures(item, "privileges", transaction),
    ...ACTIONS.flatMap((action) => {
      const policy = isObjectData(actions) ? actions.get(action) : undefined;
      return policyFailures(policy, ["privileges", "actions", action]);
    }),
  ];
}

function membershipFailures(item: Data, transaction: Transaction): FieldFailure[] {
  if (!isObjectData(item)) return [invalidType(["membership"], item, "Membership")];
  return [
    ...resourceFailures(item, "membership", transaction),
    ...policyFailures(item.get("predicate"), ["membership", "predicate"]),
  ];
}

function policyFailures(policy: Data | undefined, field: readonly string[]): FieldFailure[] {
  if (policy === undefined || policy === null || typeof policy === "boolean") return [];
  return policy instanceof StoredLambda ? [] : [invalidType(field, policy, "Query")];
}

function resourceFailures(
  item: ObjectData,
  name: string,
  transaction: Transaction,
): FieldFailure[] {
  const resource = item.get("resource");
  const field = [name, "resource"];
  if (resource === undefined) {
    return [{ field, code: "value required", description: "Required value not found." }];
  }
  if (!(resource instanceof DocRef)) return [invalidType(field, resource, "Ref")];
  if (nativeCollectionOf(resource) !== undefined) return [];
  return transaction.get(resource) === undefined
    ? [invalidReference(field, "Reference was not found.")]
    : [];
}
