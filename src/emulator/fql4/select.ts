/** Finding what lies at a path inside a value. */
import { isNamedKind, NATIVE } from "../data/ids.ts";
import { DocRef } from "../data/value.ts";

import { fail, V4Error } from "./failure.ts";
import type { Frame } from "./frame.ts";
import type { Position } from "./position.ts";
import { databaseOf, nameOf, refIn } from "./resolve.ts";
import {
  DocumentValue,
  ElementValue,
  EventValue,
  ForeignRef,
  isArray,
  isObject,
  isSet,
  type Literal,
  nativeCollectionOf,
  PageValue,
  type AnyRef,
  bare,
} from "./value.ts";

type Step = string | bigint;

/**
 * What Select gives. With `flatten`, arrays on the way are gone through and their results joined.
 * Undefined if there is nothing and there is a default; without one that fails at `position`.
 */
export function select(
  frame: Frame,
  from: Literal,
  path: readonly Step[],
  flatten: boolean,
  position: Position,
  hasDefault: boolean,
): Literal | undefined {
  const found = at(frame, from, path, flatten);
  if (flatten) return found === undefined ? [] : isArray(found) ? found : [found];
  if (found !== undefined || hasDefault) return found;
  const shown = path.map(String).join(",");
  return fail(
    new V4Error("value not found", `Value not found at path [${shown}].`, position, {
      status: 404,
    }),
  );
}

/** What lies at `path`, or undefined. */
export function at(
  frame: Frame,
  value: Literal,
  path: readonly Step[],
  flatten = false,
): Literal | undefined {
  let here: Literal | undefined = value;
  for (const [i, step] of path.entries()) {
    if (flatten && isArray(here) && typeof step === "string") {
      return gather(frame, here, path.slice(i));
    }
    here = child(frame, here, step);
    if (here === undefined) return undefined;
  }
  return flatten && isArray(here) ? gather(frame, here, []) : here;
}

function gather(frame: Frame, items: readonly Literal[], path: readonly Step[]): Literal {
  const gathered = items.flatMap((item): readonly Literal[] => {
    const found = at(frame, item, path, true);
    return found === undefined ? [] : isArray(found) ? found : [found];
  });
  frame.session.make(gathered);
  return gathered;
}

function child(frame: Frame, value: Literal, step: Step): Literal | undefined {
  if (isObject(value)) return typeof step === "string" ? value.get(step) : undefined;
  if (isArray(value)) return typeof step === "bigint" ? value[Number(step)] : undefined;
  if (value instanceof DocumentValue) return ofDocument(frame, value, step);
  if (value instanceof PageValue) return ofPage(value, step);
  if (value instanceof DocRef || value instanceof ForeignRef) return ofRef(frame, value, step);
  if (value instanceof EventValue) return ofEvent(frame, value, step);
  if (value instanceof ElementValue) {
    if (step === "value") return value.value;
    return step === "sources" ? value.sources : undefined;
  }
  if (isSet(value)) {
    const stored = step === "@set" ? value.stored(frame.session) : undefined;
    return isObject(stored ?? null)
      ? (stored as ReadonlyMap<string, Literal>).get("@set")
      : undefined;
  }
  return undefined;
}

function ofDocument(frame: Frame, document: DocumentValue, step: Step): Literal | undefined {
  const { database, ref, version, fields } = document;
  switch (step) {
    case "ref":
      return refIn(frame.session, database, ref);
    case "ts":
      return version.ts;
    case "class":
      return collectionOf(frame, refIn(frame.session, database, ref));
    default:
      return typeof step === "string" ? fields.get(step) : undefined;
  }
}

function ofPage({ items, before, after }: PageValue, step: Step): Literal | undefined {
  if (typeof step === "bigint") return items[Number(step)];
  if (step === "data") return items;
  if (step === "before") return before;
  return step === "after" ? after : undefined;
}

/** The reference of the collection that a reference's document is in. */
export function collectionOf(frame: Frame, ref: AnyRef): AnyRef {
  const collection = new DocRef(NATIVE.Collection, BigInt(bare(ref).collection));
  return refIn(frame.session, databaseOf(frame.session, ref), collection);
}

/** The id of a document, or the name of a definition. */
export function idOf(frame: Frame, ref: AnyRef): string | undefined {
  const inner = bare(ref);
  if (nativeCollectionOf(inner) === undefined && !isNamedKind(inner.collection)) {
    return String(inner.id);
  }
  return nameOf(frame.session, databaseOf(frame.session, ref), inner, frame.version);
}

function ofRef(frame: Frame, ref: AnyRef, step: Step): Literal | undefined {
  switch (step) {
    case "id":
      return idOf(frame, ref);
    case "collection":
    case "class":
      return collectionOf(frame, ref);
    case "database": {
      const database = databaseOf(frame.session, ref);
      if (database === frame.session.database || database.parent === undefined) return undefined;
      return refIn(frame.session, database.parent, new DocRef(NATIVE.Database, database.id));
    }
    default:
      return undefined;
  }
}

function ofEvent(frame: Frame, event: EventValue, step: Step): Literal | undefined {
  const { database, ts, action, ref, data } = event;
  switch (step) {
    case "ts":
      return ts;
    case "action":
      return action;
    case "resource":
    case "instance":
    case "document":
      return ref && refIn(frame.session, database, ref);
    default:
      if (isArray(data ?? null)) {
        const values = data as readonly Literal[];
        return step === "data" ? (values.length === 1 ? values[0] : values) : undefined;
      }
      return isObject(data ?? null) && typeof step === "string"
        ? (data as ReadonlyMap<string, Literal>).get(step)
        : undefined;
  }
}
