/** Cursors: what `after`, `before`, `from` and `to` are given, as places in a set. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { compareData } from "../../data/order.ts";
import { DocRef } from "../../data/value.ts";
import { DOCUMENT_ACTIONS, integer, ref as refCast, undefinedRefOf } from "../cast.ts";
import { fail, invalidArgument, together, wrongType } from "../failure.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import {
  EventValue,
  ForeignRef,
  isArray,
  isObject,
  type Literal,
  type ObjectLiteral,
  typeOf,
  UnresolvedRef,
  bare,
} from "../value.ts";
import { toData } from "../write/store.ts";
import type { Bound, HistoryEntry, SetValue } from "./set.ts";

/** A place among the entries of a set, and how it is shown. */
export interface Cursor {
  readonly literal: Literal;
  readonly bound: Bound;
}

const FIRST = new DocRef(0, -(2n ** 63n));
const LAST = new DocRef(0, 2n ** 63n);

/**
 * The place that `cursor` stands for in a set without events: an array of values, with the document behind them.
 * `isUpper` makes it the end of a range: everything that begins with it lies before it.
 */
export function parseCursor(
  session: Session,
  set: SetValue,
  cursor: Literal,
  position: Position,
  isUpper = false,
): Cursor {
  if (cursor instanceof UnresolvedRef) fail(undefinedRefOf(cursor, position));
  const items = isArray(cursor) ? cursor : [cursor];
  const count = set.shape.values;
  const values = items.slice(0, count).map((item) => toData(session, item));
  const last = items[count];
  if (last === undefined) {
    return { literal: items, bound: { values, ref: undefined, isBehind: isUpper } };
  }
  return { literal: items, bound: { values, ref: documentOf(session, last), isBehind: isUpper } };
}

/** A document; anything else lies before or behind all documents, as it would in an index. */
function documentOf(session: Session, value: Literal): DocRef {
  if (value instanceof DocRef) return value;
  if (value instanceof ForeignRef) return value.ref;
  return compareData(toData(session, value), FIRST) > 0 ? LAST : FIRST;
}

/** A place in a history. */
export interface EventCursor {
  readonly literal: EventValue;
}

const ACTIONS = [...DOCUMENT_ACTIONS, "add", "remove"] as const;
type EventAction = (typeof ACTIONS)[number];

/** The place that `cursor` stands for in a history: a time, or an event as a page shows it. */
export function parseEventCursor(
  session: Session,
  cursor: Literal,
  position: Position,
): EventCursor {
  const at = (ts: bigint): EventCursor => ({
    literal: new EventValue(session.database, ts, "add", undefined),
  });
  if (cursor instanceof UnresolvedRef) fail(undefinedRefOf(cursor, position));
  if (typeof cursor === "bigint") return at(cursor);
  if (cursor instanceof Time) return at(cursor.toMicros());
  if (cursor instanceof LocalDate) return at(BigInt(cursor.epochDay) * 86_400_000_000n);
  if (cursor === null) return at(2n ** 63n - 1n);
  if (cursor instanceof EventValue) return { literal: cursor };
  if (!isObject(cursor)) {
    fail(wrongType(["Object", "Integer", "Time", "Date"], typeOf(cursor), position));
  }
  return { literal: eventOf(session, cursor, position) };
}

const DOCUMENT_KEYS = ["document", "instance", "resource"];
const DATA_KEYS = ["data", "values"];

function eventOf(session: Session, cursor: ObjectLiteral, position: Position): EventValue {
  const keys = [...cursor.keys()];
  const documentKey = keys.find((key) => DOCUMENT_KEYS.includes(key));
  const known = ["ts", "action", ...DOCUMENT_KEYS, ...DATA_KEYS];
  if (!cursor.has("ts") || keys.some((key) => !known.includes(key))) {
    const complaint = `Cannot create event cursor with keys ${keys.join(", ")}`;
    fail(invalidArgument(complaint, position));
  }
  const [ts, action, ref] = together(3, (i): bigint | EventAction | DocRef | undefined => {
    if (i === 0) return integer(cursor.get("ts") ?? null, position.at("ts"));
    if (i === 1) return actionOf(cursor.get("action"), position.at("action"));
    if (documentKey === undefined) return undefined;
    return bare(refCast(cursor.get(documentKey) ?? null, position.at(documentKey)));
  }) as [bigint, EventAction, DocRef | undefined];
  return new EventValue(session.database, ts, ref === undefined ? action : setAction(action), ref);
}

function actionOf(action: Literal | undefined, position: Position): EventAction {
  if (action === undefined) return "add";
  const known = ACTIONS.find((name) => name === action);
  if (known) return known;
  const complaint = `String 'create', 'update', or 'delete' expected, ${typeOf(action)} provided.`;
  return fail(invalidArgument(complaint, position));
}

/** Creations and deletions are shown as what they are to a set. */
function setAction(action: EventAction): EventAction {
  return action === "create" ? "add" : action === "delete" ? "remove" : action;
}

/** Where an event lies of a cursor: negative before it, positive behind it. */
export function compareEvents(
  event: Pick<HistoryEntry, "ts" | "action" | "ref">,
  cursor: EventValue,
): number {
  if (event.ts !== cursor.ts) return event.ts < cursor.ts ? -1 : 1;
  if (cursor.ref === undefined) return 1;
  const order = compareData(event.ref, cursor.ref);
  return order || rank(event.action) - rank(cursor.action);
}

/** Of one time and document, what goes comes before what is new. */
function rank(action: EventAction): number {
  return action === "remove" || action === "delete" ? 0 : 1;
}
