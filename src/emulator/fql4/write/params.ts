/** The `params` of a write: what is stored of them, and references that cannot be. */
import { NATIVE, isUserCollection } from "../../data/ids.ts";
import {
  type Data,
  DocRef,
  dropNullMembers,
  EMPTY_OBJECT,
  type ObjectData,
} from "../../data/value.ts";
import { spend } from "../../limits/budget.ts";
import { type FieldFailure, V4Failure, validationFailed } from "../failure.ts";
import type { Position } from "../position.ts";
import { resolveName } from "../resolve.ts";
import type { Session } from "../session.ts";
import {
  ForeignRef,
  isArray,
  isObject,
  type Literal,
  type ObjectLiteral,
  UnresolvedRef,
} from "../value.ts";
import { toData } from "./store.ts";

/**
 * `params` as data. Nulls in arrays are left out (live 11), null members stay: they remove.
 * Fails at `position` for references that lead nowhere or into another database.
 */
export function takeParams(
  session: Session,
  params: ObjectLiteral | undefined,
  position: Position,
): ObjectData {
  if (params === undefined || params.size === 0) return EMPTY_OBJECT;
  const taker = new Taker(session);
  const data = taker.members(params, undefined);
  if (taker.failures.length > 0) {
    const prefix = position.toPath().map(String);
    const failures = taker.failures.map((failure) => ({
      ...failure,
      field: [...prefix, ...failure.field],
    }));
    throw new V4Failure([validationFailed(failures, position)]);
  }
  return data;
}

/** The way to a value, innermost first: only failures need it. */
interface Way {
  readonly step: string | number;
  readonly outer: Way | undefined;
}

class Taker {
  readonly failures: FieldFailure[] = [];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Itself, if nothing in it has to change: records come by the hundred. */
  members(members: ObjectLiteral, way: Way | undefined): ObjectData {
    spend(members.size);
    let changed: Map<string, Data> | undefined;
    for (const [name, value] of members) {
      if (typeof value !== "object" || value === null) continue;
      const data = this.#value(value, { step: name, outer: way });
      if (data === value) continue;
      changed ??= new Map(members as ObjectData);
      changed.set(name, data);
    }
    return changed ?? (members as ObjectData);
  }

  #value(value: Literal, way: Way): Data {
    if (isObject(value)) return this.members(value, way);
    if (isArray(value)) return this.#items(value, way);
    if (value instanceof DocRef) return this.#current(value);
    if (value instanceof UnresolvedRef) return this.#refuse(way, "Cannot read reference.");
    if (value instanceof ForeignRef) return this.#refuse(way, "Reference cannot be scoped.");
    const data = toData(this.#session, value);
    // What was no object or array before may hold nulls in arrays as one: a document, a page.
    return data instanceof Map ? this.members(data as ObjectData, way) : data;
  }

  #items(items: readonly Literal[], way: Way): readonly Data[] {
    spend(items.length);
    const taken: Data[] = [];
    let isChanged = false;
    for (const [i, item] of items.entries()) {
      if (item === null) {
        isChanged = true;
        continue;
      }
      const data =
        typeof item === "object" ? this.#value(item, { step: i, outer: way }) : (item as Data);
      const kept = data instanceof Map ? withoutNulls(data as ObjectData) : data;
      if (kept !== item) isChanged = true;
      taken.push(kept);
    }
    return isChanged ? taken : (items as readonly Data[]);
  }

  #refuse(way: Way, description: string): null {
    const field: string[] = [];
    for (let here: Way | undefined = way; here; here = here.outer) field.push(String(here.step));
    const code = description.includes("scoped") ? "invalid scoped reference" : "invalid reference";
    this.failures.push({ field: field.toReversed(), code, description });
    return null;
  }

  /** A reference to a deleted definition becomes one to the definition that has its name now. */
  #current(ref: DocRef): DocRef {
    const type = TYPES.get(ref.collection);
    if (type === undefined) return ref;
    if (type === "collection" && !isUserCollection(Number(ref.id))) return ref;
    const { transaction } = this.#session;
    if (transaction.get(ref) !== undefined) return ref;
    const name = transaction.definitions.nameOf(ref);
    const found = name === undefined ? undefined : resolveName(this.#session, type, name);
    return found instanceof DocRef ? found : ref;
  }
}

/** Objects in arrays replace what was there: their nulls have nothing to remove. */
function withoutNulls(members: ObjectData): ObjectData {
  for (const value of members.values()) if (value === null) return dropNullMembers(members);
  return members;
}

const TYPES = new Map<number, "collection" | "index" | "function">([
  [NATIVE.Collection, "collection"],
  [NATIVE.Index, "index"],
  [NATIVE.Function, "function"],
]);
