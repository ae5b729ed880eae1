/**
 * What an answer consists of: the value with documents read, sets turned into pages and references
 * named. Documents inside of documents stay references.
 */
import { DocRef } from "../../data/value.ts";
import { NATIVE } from "../../data/ids.ts";
import { encodeCursor } from "../cursor.ts";
import { allFields, referenceFields } from "../documents/read.ts";
import type { Context } from "../interpreter/context.ts";
import { pageOf } from "../sets/page.ts";
import { ValueSet } from "../sets/set.ts";
import { Doc, EventSource, isArray, isObject, Null, type ObjectOf, type Value } from "../values.ts";
import { encodeToken } from "../event-token.ts";

/** Sets inside of sets are read down to this depth; deeper ones show as cursors. */
const MAX_SET_DEPTH = 10;

/** About what a value takes that is no string. */
const SHOWN = 8;

/** A value ready to be printed. */
export type Shown =
  | {
      readonly kind: "plain";
      readonly value: Exclude<Value, readonly Value[] | ObjectOf | Doc | ValueSet | EventSource>;
    }
  | { readonly kind: "array"; readonly items: readonly Shown[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, Shown])[] }
  | {
      readonly kind: "doc";
      readonly ref: readonly (readonly [string, Shown])[];
      readonly fields: readonly (readonly [string, Shown])[];
    }
  /** A reference that is not followed. */
  | { readonly kind: "ref"; readonly ref: readonly (readonly [string, Shown])[] }
  /** A document that is not there. */
  | {
      readonly kind: "null doc";
      readonly ref: readonly (readonly [string, Shown])[];
      readonly cause: string;
    }
  /** A reference that v10 has no form for. */
  | { readonly kind: "legacy"; readonly text: string }
  | { readonly kind: "set"; readonly page: Shown }
  | { readonly kind: "token"; readonly text: string };

/** @throws QueryFailure when reading fails, e.g. in a computed field. */
export function materialise(context: Context, value: Value): Shown {
  return show(context, value, MAX_SET_DEPTH, false);
}

/** An object whose documents are shown as references. */
export const materialiseFields = (context: Context, fields: ObjectOf): Shown => ({
  kind: "object",
  fields: showFields(context, fields, MAX_SET_DEPTH, true),
});

function show(context: Context, value: Value, depth: number, insideDoc: boolean): Shown {
  context.query.show(typeof value === "string" ? value.length : SHOWN);
  if (isArray(value))
    return { kind: "array", items: value.map((item) => show(context, item, depth, insideDoc)) };
  if (isObject(value))
    return { kind: "object", fields: showFields(context, value, depth, insideDoc) };
  if (value instanceof Doc) return showDoc(context, value, depth, insideDoc);
  if (value instanceof ValueSet) return showSet(context, value, depth, insideDoc);
  if (value instanceof EventSource)
    return {
      kind: "token",
      text: encodeToken(context.query, value, context.systemTime ?? context.query.now),
    };
  return { kind: "plain", value };
}

const showFields = (context: Context, fields: ObjectOf, depth: number, insideDoc: boolean) =>
  [...fields].map(([key, item]) => [key, show(context, item, depth, insideDoc)] as const);

function showSet(context: Context, set: ValueSet, depth: number, insideDoc: boolean): Shown {
  if (depth > 0) {
    const page = pageOf(context, set, set.pageSize);
    return { kind: "set", page: show(context, page, depth - 1, insideDoc) };
  }
  const time = context.systemTime ?? context.query.now;
  const cursor = encodeCursor(context.query, {
    set,
    position: undefined,
    time,
    size: set.pageSize,
  });
  return { kind: "set", page: { kind: "plain", value: cursor } };
}

function showDoc(context: Context, doc: Doc, depth: number, insideDoc: boolean): Shown {
  if (doc.collection === NATIVE.Index) {
    const name = context.query.transaction
      .get(new DocRef(doc.collection, doc.id))
      ?.fields.get("name");
    return {
      kind: "legacy",
      text: `[legacy index ${typeof name === "string" ? name : "<deleted>"}]`,
    };
  }
  const ref = referenceFields(context, doc).map(
    ([key, item]) => [key, show(context, item, depth, true)] as const,
  );
  if (insideDoc) return { kind: "ref", ref };
  const fields = allFields(context, doc);
  if (fields instanceof Null) return { kind: "null doc", ref, cause: causeText(fields) };
  return { kind: "doc", ref, fields: showFields(context, fields, depth, true) };
}

function causeText({ cause }: Null): string {
  switch (cause.kind) {
    case "denied":
      return "permission denied";
    case "deleted":
    case "collection deleted":
      return cause.kind;
    default:
      return "not found";
  }
}
