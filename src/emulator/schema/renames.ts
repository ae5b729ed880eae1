/** Definitions that name others follow when those get another name (v10's names; v4 refers by number). */
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import {
  type Data,
  type DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
} from "../data/value.ts";
import { noteChange } from "./changes.ts";

/** Where names of a kind stand: members to walk through, lists walked over. */
interface Place {
  readonly kind: number;
  readonly path: readonly string[];
}

const PLACES: ReadonlyMap<number, readonly Place[]> = new Map([
  [
    NATIVE.Collection,
    [
      { kind: NATIVE.Role, path: ["privileges", "resource"] },
      { kind: NATIVE.Role, path: ["membership", "resource"] },
    ],
  ],
  [NATIVE.Function, [{ kind: NATIVE.Role, path: ["privileges", "resource"] }]],
  [
    NATIVE.Role,
    [
      { kind: NATIVE.Function, path: ["role"] },
      { kind: NATIVE.AccessProvider, path: ["roles"] },
      { kind: NATIVE.AccessProvider, path: ["roles", "role"] },
      { kind: NATIVE.Key, path: ["role"] },
    ],
  ],
]);

/** Puts the new name of a definition wherever its old one stands. */
export function renameReferences(
  transaction: Transaction,
  ref: DocRef,
  before: ObjectData | undefined,
  after: ObjectData,
): void {
  const from = before?.get("name");
  const to = after.get("name");
  if (typeof from !== "string" || typeof to !== "string" || from === to) return;
  for (const { kind, path } of PLACES.get(ref.collection) ?? []) {
    for (const found of Array.from(transaction.documents(kind))) {
      const { fields } = found.version;
      const renamed = rename(fields, path, from, to);
      if (renamed === fields || !isObjectData(renamed)) continue;
      noteChange(transaction, found.ref, fields);
      transaction.replace(found.ref, renamed);
    }
  }
}

function rename(value: Data, path: readonly string[], from: string, to: string): Data {
  if (isArrayData(value)) {
    const items = value.map((item) => rename(item, path, from, to));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const [head, ...rest] = path;
  if (head === undefined) return value === from ? to : value;
  if (!isObjectData(value)) return value;
  const member = value.get(head);
  if (member === undefined) return value;
  const renamed = rename(member, rest, from, to);
  return renamed === member ? value : new Map(value).set(head, renamed);
}
