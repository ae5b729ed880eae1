/** What happened in a set since a cursor, as events: add, update, remove, in transaction order. */
import { Time } from "../../../values/time.ts";
import { compareData } from "../../data/order.ts";
import { type Data, DocRef, valueAt } from "../../data/value.ts";
import type { Change, Version } from "../../data/version.ts";
import { collectionInfo, resourceOf } from "../../fql10/documents/collection.ts";
import { toTerm } from "../../fql10/documents/convert.ts";
import { QueryFailure } from "../../fql10/failure.ts";
import type { Context } from "../../fql10/interpreter/context.ts";
import { apply } from "../../fql10/interpreter/evaluate.ts";
import { IndexSet } from "../../fql10/sets/documents.ts";
import { FilteredSet, MappedSet, passes } from "../../fql10/sets/mapped.ts";
import { SingletonSet } from "../../fql10/sets/plain.ts";
import type { ValueSet } from "../../fql10/sets/set.ts";
import { Doc, type EventSource, type Value } from "../../fql10/values.ts";
import type { FeedPage } from "../languages.ts";
import { type Cursor, isAfter, printCursor } from "./cursor.ts";
import { eventStats } from "./stats.ts";

/** Writes a value in the tagged format, which events always have, as of `context`. */
export type Render = (context: Context, value: Value) => string;

type Action = "add" | "update" | "remove";

/** One change that concerns the set, and its place in its transaction. */
interface Step {
  readonly action: Action;
  readonly change: Change;
  readonly cursor: Cursor;
}

/** Reads at most `pageSize` events after `from`. `context` is allowed to read only. */
export function poll(
  context: Context,
  source: EventSource,
  from: Cursor,
  pageSize: number,
  render: Render,
): FeedPage {
  const { set, transformations } = unwrap(source.set);
  const collection = collectionOf(set);
  const { transaction } = context.query;
  if (from.ts < transaction.minimumTime(collection)) {
    return { events: [tooOld(from)], cursor: from, hasNext: false, failed: true };
  }
  const events: string[] = [];
  let last: Cursor | undefined;
  for (const step of stepsOf(context, set, from)) {
    if (events.length === pageSize) {
      return { events, cursor: last ?? from, hasNext: true, failed: false };
    }
    last = step.cursor;
    try {
      const text = eventOf(context, step, source.watched, transformations, render);
      if (text !== undefined) events.push(text);
    } catch (error) {
      if (!(error instanceof QueryFailure)) throw error;
      events.push(failed(error, context, render));
      return { events, cursor: { ts: transaction.now, ordinal: 0 }, hasNext: false, failed: true };
    }
  }
  return { events, cursor: { ts: transaction.now, ordinal: 0 }, hasNext: false, failed: false };
}

type Transformation = MappedSet | FilteredSet;

/** The set that documents come from, and what is done to each of them, in that order. */
function unwrap(set: ValueSet): {
  readonly set: IndexSet | SingletonSet;
  readonly transformations: readonly Transformation[];
} {
  const transformations: Transformation[] = [];
  let here = set;
  while (here instanceof MappedSet || here instanceof FilteredSet) {
    transformations.unshift(here);
    here = here.inner;
  }
  if (here instanceof IndexSet || here instanceof SingletonSet)
    return { set: here, transformations };
  throw new TypeError("a source that cannot be followed");
}

function collectionOf(set: IndexSet | SingletonSet): number {
  if (set instanceof IndexSet) return set.collection;
  if (set.value instanceof Doc) return set.value.collection;
  throw new TypeError("a source that cannot be followed");
}

/** The changes that concern the set after `from`. */
function* stepsOf(
  context: Context,
  set: IndexSet | SingletonSet,
  from: Cursor,
): Generator<Step, void> {
  const change = changeIn(context, set);
  let ts = -1n;
  let ordinal = 0;
  for (const item of context.query.transaction.changes(collectionOf(set), { from: from.ts })) {
    const action = change(item);
    if (action === undefined) continue;
    ordinal = item.ts === ts ? ordinal + 1 : 0;
    ({ ts } = item);
    const cursor = { ts, ordinal };
    if (isAfter(cursor, from)) yield { action, change: item, cursor };
  }
}

/** What a change of a document means for the set; undefined if nothing. */
function changeIn(
  context: Context,
  set: IndexSet | SingletonSet,
): (change: Change) => Action | undefined {
  if (set instanceof SingletonSet) {
    const doc = set.value instanceof Doc ? set.value : undefined;
    return (change) =>
      change.ref.id === doc?.id ? actionOf(change.before, change.after) : undefined;
  }
  if (set.name === "all") return (change) => actionOf(change.before, change.after);
  const { transaction } = context.query;
  const index = collectionInfo(context, set.collection)?.schema?.indexes.get(set.name)?.id;
  if (index === undefined) return () => undefined;
  const terms = set.origin.terms.map((term) => toTerm(context, term) ?? null);
  const rowsOf = (change: Change, version: Version | undefined): Data | undefined => {
    if (version === undefined) return undefined;
    const rows = transaction
      .entries(index, change.ref, version)
      .filter((row) => terms.every((term, i) => same(row[i], term)));
    return rows.length === 0 ? undefined : rows;
  };
  return (change) => {
    const before = rowsOf(change, change.before);
    const after = rowsOf(change, change.after);
    return same(before, after) ? undefined : actionOf(before, after);
  };
}

function actionOf(before: unknown, after: unknown): Action | undefined {
  if (after !== undefined) return before === undefined ? "add" : "update";
  return before === undefined ? undefined : "remove";
}

/** The event of a step as JSON text; undefined if nobody is to see it. */
function eventOf(
  context: Context,
  { action, change, cursor }: Step,
  watched: EventSource["watched"],
  transformations: readonly Transformation[],
  render: Render,
): string | undefined {
  const startedAt = performance.now();
  const now = context.withSystemTime(change.ts);
  const then = context.withSystemTime(change.ts - 1n);
  const doc = new Doc(change.ref.collection, change.ref.id);
  if (!isWatched(action, change, watched)) return undefined;
  const after = action === "remove" ? undefined : transformed(now, doc, transformations);
  const before = action === "add" ? undefined : transformed(then, doc, transformations);
  const seen = actionOf(before, after);
  if (seen === undefined) return undefined;
  const value = after ?? before;
  const data = value && render(seen === "remove" ? then : now, value);
  const stats = eventStats({ readOps: 1, bytesRead: 0 }, startedAt);
  return (
    `{"type":"${seen}","data":${data ?? "null"},"txn_ts":${String(change.ts)},` +
    `"cursor":${JSON.stringify(printCursor(cursor))},"stats":${stats}}`
  );
}

/**
 * The document after the source's filters and projections; undefined if it does not pass or may
 * not be read. So an update can come out as the document's coming or going.
 */
function transformed(
  context: Context,
  doc: Doc,
  transformations: readonly Transformation[],
): Value | undefined {
  const info = collectionInfo(context, doc.collection);
  const ref = new DocRef(doc.collection, doc.id);
  if (info === undefined || !context.auth.may("read", resourceOf(info), { ref })) return undefined;
  let value: Value = doc;
  for (const step of transformations) {
    const inside = step.deferred.context(context);
    if (step instanceof MappedSet) value = apply(inside, step.deferred.fn, [value]);
    else if (!passes(inside, step.deferred.fn, value)) return undefined;
  }
  return value;
}

/** Whether a change touches the fields that are watched: updates must change one, deletions have them all. */
function isWatched(
  action: Action,
  { before, after }: Change,
  watched: EventSource["watched"],
): boolean {
  if (watched.length === 0) return true;
  if (action === "remove") return watched.every((path) => stored(before, path) !== undefined);
  return watched.some((path) => !same(stored(before, path), stored(after, path)));
}

function same(a: Data | undefined, b: Data | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return compareData(a, b) === 0;
}

function stored(
  version: Version | undefined,
  path: readonly (string | number)[],
): Data | undefined {
  if (version === undefined) return undefined;
  const [first] = path;
  if (first === "ts") return version.ts;
  if (first === "ttl") return valueAt(version.fields, path);
  return valueAt(version.fields.get("data"), first === "data" ? path.slice(1) : path);
}

function tooOld(from: Cursor): string {
  const start = Time.fromMicros(from.ts).toString();
  const error = {
    code: "invalid_stream_start_time",
    message: `Stream start time ${start} is too far in the past. Recreate the stream and try again.`,
  };
  const stats = eventStats({ readOps: 0, bytesRead: 0 }, performance.now());
  return `{"type":"error","error":${JSON.stringify(error)},"stats":${stats}}`;
}

function failed(failure: QueryFailure, context: Context, render: Render): string {
  const { abort } = failure.options;
  const error = [
    `"code":${JSON.stringify(failure.code)}`,
    `"message":${JSON.stringify(failure.message)}`,
    ...(abort === undefined ? [] : [`"abort":${render(context, abort.value)}`]),
  ];
  const stats = eventStats({ readOps: 0, bytesRead: 0 }, performance.now());
  return `{"type":"error","error":{${error.join(",")}},"stats":${stats}}`;
}
