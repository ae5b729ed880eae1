/** From values to what is stored of them. */
import { type Data, StoredLambda } from "../../data/value.ts";
import { spend } from "../../limits/budget.ts";
import { storeLambda } from "../lambda-store.ts";
import type { Session } from "../session.ts";
import {
  DocumentValue,
  ElementValue,
  EventValue,
  ForeignRef,
  isArray,
  isLambda,
  isObject,
  isSet,
  type Literal,
  type ObjectLiteral,
  PageValue,
  UnresolvedRef,
} from "../value.ts";

/** `value` as it is stored or looked up in an index. Nulls stay. */
export function toData(session: Session, value: Literal): Data {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return toItems(session, value);
  if (isObject(value)) return toMembers(session, value);
  if (isLambda(value)) return value instanceof StoredLambda ? value : storeLambda(session, value);
  if (value instanceof ForeignRef) return value.ref;
  if (value instanceof DocumentValue) return toMembers(session, membersOf(value));
  if (value instanceof PageValue) return toMembers(session, pageMembers(value));
  if (value instanceof EventValue) return toMembers(session, eventMembers(value));
  if (value instanceof ElementValue) return toData(session, value.value);
  if (value instanceof UnresolvedRef) throw new Error("A reference to nothing cannot be stored.");
  if (isSet(value)) return value.stored(session);
  return value;
}

/** Itself, if nothing in it has to become something else: records come in by the hundred. */
function toItems(session: Session, items: readonly Literal[]): readonly Data[] {
  spend(items.length);
  let changed: Data[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    const data = toData(session, item);
    if (data === item) continue;
    changed ??= [...(items as readonly Data[])];
    changed[i] = data;
  }
  return changed ?? (items as readonly Data[]);
}

function toMembers(session: Session, members: ObjectLiteral): ReadonlyMap<string, Data> {
  spend(members.size);
  let changed: Map<string, Data> | undefined;
  for (const [name, value] of members) {
    const data = toData(session, value);
    if (data === value) continue;
    changed ??= new Map(members as ReadonlyMap<string, Data>);
    changed.set(name, data);
  }
  return changed ?? (members as ReadonlyMap<string, Data>);
}

/** The members of a document as an object has them. */
export function membersOf({ ref, version, fields }: DocumentValue): Map<string, Literal> {
  return new Map<string, Literal>([["ref", ref], ["ts", version.ts], ...fields]);
}

function pageMembers({ before, after, items }: PageValue): Map<string, Literal> {
  const members = new Map<string, Literal>();
  if (before !== undefined) members.set("before", before);
  if (after !== undefined) members.set("after", after);
  return members.set("data", items);
}

function eventMembers({ ts, action, ref, data }: EventValue): Map<string, Literal> {
  const members = new Map<string, Literal>([
    ["ts", ts],
    ["action", action],
  ]);
  if (ref) members.set("resource", ref);
  if (Array.isArray(data) && data.length > 0) members.set("values", data as readonly Data[]);
  return members;
}
