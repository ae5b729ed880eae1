/** What names a role that is deleted keeps it from going; everything else may dangle (facts §6.4). */
import { NATIVE, type CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { DocRef, isArrayData, type ObjectData } from "../data/value.ts";
import type { Violation } from "./failure.ts";
import { nameOf } from "./fields.ts";
import { violation } from "./shape.ts";

/** Reasons against deleting `ref`, which was called what `before` says: functions and keys that have the role. */
export function referenceViolations(
  transaction: Transaction,
  ref: DocRef,
  before: ObjectData,
): Violation[] {
  if (ref.collection !== NATIVE.Role) return [];
  const name = nameOf(before);
  const named = (collection: CollectionId) =>
    Array.from(transaction.documents(collection)).filter(({ version }) => {
      const role = version.fields.get("role");
      const roles = isArrayData(role) ? role : [role];
      return roles.some(
        (one) =>
          one === name ||
          (one instanceof DocRef && one.id === ref.id && one.collection === ref.collection),
      );
    });
  const refuse = (what: string, who: string) =>
    violation(
      ["name"],
      `The ${what} \`${who}\` refers to this document by its previous identifier \`${name}\`.`,
    );
  return [
    ...named(NATIVE.Function).map(({ version }) => refuse("function", nameOf(version.fields))),
    ...named(NATIVE.Key).map(({ ref: key }) => refuse("key", String(key.id))),
  ];
}
