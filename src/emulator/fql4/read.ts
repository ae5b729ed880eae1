/** Reading documents: what is there, what is shown of it, and how it came to be. */
import { Time } from "../../values/time.ts";
import type { Database } from "../data/database.ts";
import { isDataError } from "../data/errors.ts";
import { NATIVE } from "../data/ids.ts";
import {
  type Data,
  type DocRef,
  EMPTY_OBJECT,
  isObjectData,
  type ObjectData,
} from "../data/value.ts";
import type { HistoryEvent, Version } from "../data/version.ts";
import { fail, notFound, permissionDenied, RequestFailure } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { equals } from "./equals.ts";
import { may } from "./permission.ts";
import type { Position } from "./position.ts";
import { nounOf } from "./resolve.ts";
import { DocumentValue } from "./value.ts";

/** Runs `read`; a time before the history window ends the whole query (live 4). */
export function inWindow<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isDataError(error, "stale_read")) throw error;
    const { requested, minimum } = error.problem;
    const times = [requested, minimum].map((us) => Time.fromMicros(us).toString());
    throw new RequestFailure(
      400,
      "bad request",
      `Requested timestamp ${times[0]} less than minimum allowed timestamp ${times[1]}.`,
    );
  }
}

/** The document at `at` (µs), if the caller may see it. */
export function documentAt(
  frame: Frame,
  database: Database,
  ref: DocRef,
  at: bigint | undefined,
): Version | undefined {
  const version = inWindow(() => frame.session.in(database).get(ref, at));
  return version && may(frame, "read", database, ref) ? version : undefined;
}

/** What Get gives. Fails at `position` if the document is not there or may not be read. */
export function getDocument(
  frame: Frame,
  database: Database,
  ref: DocRef,
  at: bigint | undefined,
  position: Position,
): DocumentValue {
  const { session } = frame;
  const version = inWindow(() => session.in(database).get(ref, at));
  if (!may(frame, "read", database, ref)) fail(permissionDenied(position));
  if (version === undefined) fail(notFound(nounOf(ref.collection, frame.version), position));
  return new DocumentValue(database, ref, version, visibleFields(database, ref, version.fields));
}

/** Members of definitions that no query shows, by native collection (IOConfig of the server). */
const INTERNAL: ReadonlyMap<number, readonly string[]> = new Map([
  [
    NATIVE.Collection,
    [
      "backing_indexes",
      "has_class_index",
      "internal_migrations",
      "internal_signatures",
      "migrations",
      "min_valid_time",
    ],
  ],
  [NATIVE.Function, ["internal_sig"]],
  [NATIVE.Index, ["hidden"]],
  [NATIVE.Token, ["global_id"]],
  [
    NATIVE.Database,
    ["scope", "account", "disabled", "active_schema_version", "mvt_pins", "mvt_pin_ts"],
  ],
]);

/** The members of a document that are shown. */
export function visibleFields(database: Database, ref: DocRef, fields: ObjectData): ObjectData {
  const internal = INTERNAL.get(ref.collection);
  if (internal === undefined) return fields;
  const hidden = internal.some((name) => fields.has(name));
  const shown = hidden ? new Map([...fields].filter(([name]) => !internal.includes(name))) : fields;
  if (ref.collection === NATIVE.Database) return withGlobalId(database, ref, shown);
  return ref.collection === NATIVE.Collection ? withoutBackfill(shown) : shown;
}

function withGlobalId(database: Database, ref: DocRef, fields: ObjectData): ObjectData {
  const globalId = database.child(ref.id)?.globalId ?? fields.get("global_id");
  const shown = new Map(fields);
  shown.delete("global_id");
  if (globalId !== undefined) shown.set("global_id", globalId);
  return shown;
}

function withoutBackfill(definition: ObjectData): ObjectData {
  const fields = definition.get("fields");
  if (!isObjectData(fields)) return definition;
  const shown = new Map<string, Data>();
  for (const [name, field] of fields) {
    const kept =
      isObjectData(field) && field.has("backfill_value")
        ? new Map([...field].filter(([key]) => key !== "backfill_value"))
        : field;
    shown.set(name, kept);
  }
  return new Map([...definition, ["fields", shown]]);
}

/** An event of a document's history, with what changed. */
export interface DocumentEvent {
  readonly ts: bigint;
  readonly action: "create" | "update" | "delete";
  readonly diff: ObjectData | null;
}

/** The versions of a document inside the window, each with what it changed of the one before. */
export function historyOf(frame: Frame, database: Database, ref: DocRef): DocumentEvent[] {
  return frame.session
    .in(database)
    .history(ref)
    .map((event: HistoryEvent) => {
      const { ts, action, version, before } = event;
      const after = visibleFields(database, ref, version.fields);
      const earlier = before ? visibleFields(database, ref, before.fields) : EMPTY_OBJECT;
      return { ts, action, diff: action === "delete" ? null : difference(earlier, after) };
    });
}

/** The members of `after` that differ from `before`, with null for those that are gone. */
function difference(before: ObjectData, after: ObjectData): ObjectData {
  const diff = new Map<string, Data>();
  for (const [name, old] of before) {
    const value = after.get(name);
    if (value === undefined) diff.set(name, null);
    else if (isObjectData(old) && isObjectData(value)) {
      const inner = difference(old, value);
      if (inner.size > 0) diff.set(name, inner);
    } else if (!equals(old, value)) diff.set(name, value);
  }
  for (const [name, value] of after) if (!before.has(name)) diff.set(name, value);
  return diff;
}
