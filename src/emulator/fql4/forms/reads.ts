/** Reading: Get, Exists, Paginate, KeyFromSecret. */
import { NATIVE } from "../../data/ids.ts";
import { DocRef } from "../../data/value.ts";
import { matchesSecret, parseSecret } from "../../auth/secret.ts";
import {
  any,
  boolean,
  type Cast,
  identifier,
  integer,
  optional,
  string,
  unresolved,
} from "../cast.ts";
import { fail, notFound, V4Error, V4Failure } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { type Frame, READ } from "../frame.ts";
import { cursorOf, firstMember, paginate } from "../pages.ts";
import type { Position } from "../position.ts";
import { documentAt, getDocument } from "../read.ts";
import { databaseOf } from "../resolve.ts";
import { EventsSet } from "../sets/derived.ts";
import { DocumentSet } from "../sets/singleton.ts";
import type { SetValue } from "../sets/set.ts";
import { timeToRead } from "../time.ts";
import { isSet, type Literal, UnresolvedRef, type AnyRef, bare } from "../value.ts";

/** A time to read at, in µs. */
const readTime: Cast<bigint> = timeToRead;

/** The frame that reads at `ts`, where it is given. */
function frameAt(frame: Frame, ts: bigint | undefined): Frame {
  return ts === undefined ? frame : frame.atTime(ts);
}

function get(target: AnyRef | SetValue, ts: bigint | undefined, call: Call): Literal {
  const { position } = call;
  const frame = frameAt(call.frame, ts);
  if (!isSet(target)) {
    const database = databaseOf(frame.session, target);
    return getDocument(frame, database, bare(target), frame.at, position);
  }
  const first = firstMember(frame, target, position.at("get"));
  if (first === undefined) return fail(notFound("Set", position));
  return getDocument(frame, first.database, first.ref, frame.at, position);
}

function exists(
  target: AnyRef | SetValue | UnresolvedRef,
  ts: bigint | undefined,
  call: Call,
): boolean {
  if (target instanceof UnresolvedRef) return false;
  const frame = frameAt(call.frame, ts);
  if (isSet(target)) {
    const first = firstMember(frame, target, call.position.at("exists"));
    return (
      first !== undefined && documentAt(frame, first.database, first.ref, frame.at) !== undefined
    );
  }
  const database = databaseOf(frame.session, target);
  return documentAt(frame, database, bare(target), frame.at) !== undefined;
}

interface PageArguments {
  readonly paginate: AnyRef | SetValue;
  readonly ts: bigint | undefined;
  readonly size: bigint | undefined;
  readonly events: boolean | undefined;
  readonly sources: boolean | undefined;
}

function page(
  args: PageArguments,
  cursor: { literal: Literal; direction: "after" | "before" } | undefined,
  cursorPlace: Position,
  call: Call,
): Literal {
  const { session } = call.frame;
  const target = isSet(args.paginate)
    ? args.paginate
    : new DocumentSet(databaseOf(session, args.paginate), bare(args.paginate));
  const set = args.events === true && !target.isHistorical ? new EventsSet(target) : target;
  return paginate(
    frameAt(call.frame, args.ts),
    set,
    { cursor, size: args.size, sources: args.sources },
    { set: call.position.at("paginate"), cursor: cursorPlace },
  );
}

const PAGE = {
  ts: optional(readTime),
  size: optional(integer),
  events: optional(boolean),
  sources: optional(boolean),
};

function keyFromSecret(text: string, { frame, position }: Call): Literal {
  const { session } = frame;
  const unknown = new V4Error("instance not found", `No key found for secret ${text}.`, position);
  const secret = parseSecret(text);
  if (secret === undefined) return fail(unknown);
  const collection = secret.kind === "key" ? NATIVE.Key : NATIVE.Token;
  const ref = new DocRef(collection, secret.id);
  const hash = session.transaction.get(ref)?.fields.get("hashed_secret");
  if (typeof hash !== "string" || !matchesSecret(secret, hash)) return fail(unknown);
  try {
    return getDocument(frame, session.database, ref, undefined, position);
  } catch (error) {
    // That there is such a key is not told to who may not read it.
    if (!(error instanceof V4Failure)) throw error;
    return fail(unknown);
  }
}

export const readForms: readonly Form[] = [
  define({ exists: unresolved, ts: optional(readTime) }, READ, (args, call) =>
    exists(args.exists, args.ts, call),
  ),
  define({ get: identifier, ts: optional(readTime) }, READ, (args, call) =>
    get(args.get, args.ts, call),
  ),
  define({ paginate: identifier, after: optional(any), ...PAGE }, READ, (args, call) => {
    const cursor =
      args.after === undefined ? undefined : { literal: args.after, direction: "after" as const };
    return page(args, cursor, call.position.at("after"), call);
  }),
  define({ paginate: identifier, before: any, ...PAGE }, READ, (args, call) => {
    const cursor = { literal: args.before, direction: "before" as const };
    return page(args, cursor, call.position.at("before"), call);
  }),
  define({ paginate: identifier, cursor: any, ...PAGE }, READ, (args, call) => {
    const place = call.position.at("cursor");
    const cursor = cursorOf(args.cursor, place);
    return page(args, cursor, cursor ? place.at(cursor.direction) : place, call);
  }),
  define({ key_from_secret: string }, READ, (args, call) =>
    keyFromSecret(args.key_from_secret, call),
  ),
];
