/**
 * Page cursors and event tokens: base64 of everything it takes to go on, so that the server keeps
 * nothing. A cursor holds the set as a recipe, the functions in it with what they close over, the
 * place of the next member, the page's size and the snapshot's time, which later pages read at
 * (live 1, 2). It is signed: whoever may not read the past could else put another time into it, and
 * what is read back here is known to be what was written.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { parseBase64, printBase64 } from "../../values/bytes.ts";
import { LocalDate } from "../../values/date.ts";
import { Exhausted } from "../limits/budget.ts";
import { parseDouble, printDouble } from "../../values/double.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import type { Expr } from "./ast.ts";
import { freeNames } from "./interpreter/free-names.ts";
import type { Context } from "./interpreter/context.ts";
import { MAX_STRING } from "./interpreter/failures.ts";
import type { Query } from "./query.ts";
import { NO_SPAN } from "./source.ts";
import { restoreSet } from "./sets/restore.ts";
import { Pinned, type Position, type RecipePart, ValueSet } from "./sets/set.ts";
import {
  Doc,
  Double,
  Id,
  Int,
  isArray,
  isObject,
  Lambda,
  Long,
  Module,
  NativeFunction,
  Null,
  type Scope,
  SetCursor,
  TRANSACTION_TIME,
  TransactionTime,
  UserFunction,
  type Value,
} from "./values.ts";

export interface Cursor {
  readonly set: ValueSet;
  readonly position: Position | undefined;
  /** The snapshot, µs. */
  readonly time: bigint;
  readonly size: number;
}

type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Of this process: its cursors mean nothing to another, whose databases are others. */
const KEY = randomBytes(32);
const SIGNATURE_BYTES = 12;

const signature = (bytes: Uint8Array): Buffer =>
  createHmac("sha256", KEY).update(bytes).digest().subarray(0, SIGNATURE_BYTES);

/** The text of a cursor: standard base64. @throws Exhausted if it holds too much */
export function encodeCursor(query: Query, { set, position, time, size }: Cursor): string {
  const encoder = new Encoder(query);
  const plain: Plain = [
    encoder.set(set),
    position === undefined ? null : encoder.position(position),
    String(time),
    size,
  ];
  const bytes = deflateRawSync(JSON.stringify(plain));
  return Buffer.concat([signature(bytes), bytes]).toString("base64");
}

/**
 * The cursor that `text` encodes, or undefined if it encodes none.
 * @throws QueryFailure `unbound_variable` if its collection is not there (any more).
 */
export function decodeCursor(context: Context, text: string): Cursor | undefined {
  const plain = open(text);
  if (plain === undefined) return undefined;
  const [set = null, position = null, time, size] = plain;
  return {
    set: decodeSet(context, set),
    position: position === null ? undefined : decodePosition(context, position),
    time: BigInt(time as string),
    size: size as number,
  };
}

/** The snapshot, µs, of a cursor over an array that starts with `mark`; undefined if `text` is no such cursor. */
export function markedCursorTime(text: string, mark: string): bigint | undefined {
  const [set, , time] = open(text) ?? [];
  if (set === undefined) return undefined;
  const [kind, items] = set as readonly Plain[];
  const isMarked = kind === "array" && Array.isArray(items) && items[0] === mark;
  return isMarked ? BigInt(time as string) : undefined;
}

/** What is inside of a cursor that this process has made. */
function open(text: string): readonly Plain[] | undefined {
  const all = Buffer.from(text, "base64");
  const [signed, bytes] = [all.subarray(0, SIGNATURE_BYTES), all.subarray(SIGNATURE_BYTES)];
  if (signed.length < SIGNATURE_BYTES || !timingSafeEqual(signed, signature(bytes)))
    return undefined;
  return JSON.parse(inflateRawSync(bytes).toString("utf8")) as readonly Plain[];
}

// Writing ----------------------------------------------------------------------------------------

/** About what a value takes that is no string. */
const SLOT = 8;

/** Writes the parts of a cursor at the costs of a query. */
class Encoder {
  readonly #query: Query;
  #size = 0;

  constructor(query: Query) {
    this.#query = query;
  }

  set(set: ValueSet): Plain {
    const [kind, ...parts] = set.recipe();
    return [kind, ...parts.map((part) => this.#part(part))];
  }

  /** What a value is part of twice is written twice. */
  #count(size: number): void {
    this.#query.make(SLOT);
    this.#size += size;
    if (this.#size > MAX_STRING) throw new Exhausted("memory");
  }

  #part(part: RecipePart): Plain {
    if (!(part instanceof Pinned)) return this.#value(part);
    return { t: part.micros === undefined ? null : String(part.micros) };
  }

  position(position: Position): Plain {
    if (typeof position === "bigint") return { n: String(position) };
    if (position === null || typeof position !== "object") return position;
    if ("value" in position) return { v: this.#value(position.value) };
    return position.map((part) => this.position(part));
  }

  #value(value: Value): Plain {
    this.#count(typeof value === "string" ? value.length : SLOT);
    if (value instanceof Null) return null;
    if (typeof value === "string" || typeof value === "boolean") return value;
    if (value instanceof Int) return value.value;
    if (isArray(value)) return value.map((item) => this.#value(item));
    if (isObject(value)) return { o: [...value].map(([key, item]) => [key, this.#value(item)]) };
    if (value instanceof Long) return { l: String(value.value) };
    if (value instanceof Double) return { d: printDouble(value.value) };
    if (value instanceof Id) return { i: String(value.value) };
    if (value instanceof Time) return { T: value.toString() };
    if (value instanceof LocalDate) return { D: value.toString() };
    if (value instanceof Uint8Array) return { b: printBase64(value) };
    if (value instanceof Uuid) return { u: value.text };
    if (value instanceof Doc)
      return {
        r: [
          value.collection,
          String(value.id),
          value.readTime === undefined ? null : String(value.readTime),
          value.name ?? null,
        ],
      };
    if (value instanceof Module || value instanceof UserFunction) return { m: value.name };
    if (value instanceof NativeFunction) return { f: value.name };
    if (value instanceof ValueSet) return { s: this.set(value) };
    if (value instanceof SetCursor) return value.text;
    if (value instanceof TransactionTime) return { x: 0 };
    return value instanceof Lambda ? this.#lambda(value) : null;
  }

  #lambda({ params, rest, body, scope }: Lambda): Plain {
    const bound = new Set([...params, rest]);
    const closure = [...freeNames(body)].flatMap((name): Plain[] => {
      if (bound.has(name)) return [];
      for (let here = scope; here !== undefined; here = here.outer) {
        if (here.name === name) return [[name, this.#value(here.value)]];
      }
      return [];
    });
    return { k: [params.map((name) => name ?? null), rest ?? null, encodeExpr(body), closure] };
  }
}

// Sets -------------------------------------------------------------------------------------------

function decodeSet(context: Context, plain: Plain): ValueSet {
  const [kind, ...parts] = plain as readonly Plain[];
  return restoreSet(
    context,
    kind as string,
    parts.map((part) => decodePart(context, part)),
  );
}

function decodePart(context: Context, plain: Plain): RecipePart {
  if (plain === null || typeof plain !== "object" || !("t" in plain))
    return decodeValue(context, plain);
  return new Pinned(typeof plain.t === "string" ? BigInt(plain.t) : undefined);
}

function decodePosition(context: Context, plain: Plain): Position {
  if (plain === null || typeof plain !== "object") return plain;
  if (isList(plain)) return plain.map((part) => decodePosition(context, part));
  const { n, v = null } = plain;
  return typeof n === "string" ? BigInt(n) : { value: decodeValue(context, v) };
}

const isList = (plain: Plain): plain is readonly Plain[] => Array.isArray(plain);

// Values -----------------------------------------------------------------------------------------

function decodeValue(context: Context, plain: Plain): Value {
  if (plain === null) return Null.literal();
  if (typeof plain === "string" || typeof plain === "boolean") return plain;
  if (typeof plain === "number") return new Int(plain);
  if (Array.isArray(plain)) return (plain as Plain[]).map((item) => decodeValue(context, item));
  const [[tag, content] = ["", null]] = Object.entries(plain);
  const text = content as string;
  switch (tag) {
    case "o":
      return new Map(
        (content as [string, Plain][]).map(([key, item]) => [key, decodeValue(context, item)]),
      );
    case "l":
      return new Long(BigInt(text));
    case "d":
      return new Double(parseDouble(text));
    case "i":
      return new Id(BigInt(text));
    case "T":
      return Time.parse(text);
    case "D":
      return LocalDate.parse(text);
    case "b":
      return parseBase64(text);
    case "u":
      return new Uuid(text);
    case "r":
      return decodeDoc(content as readonly Plain[]);
    case "m":
    case "f":
      return context.query.named(context, text);
    case "s":
      return decodeSet(context, content);
    case "k":
      return decodeLambda(context, content as readonly Plain[]);
    default:
      return TRANSACTION_TIME;
  }
}

function decodeDoc([collection, id, time, name]: readonly Plain[]): Doc {
  return new Doc(collection as number, BigInt(id as string), {
    readTime: typeof time === "string" ? BigInt(time) : undefined,
    name: typeof name === "string" ? name : undefined,
  });
}

function decodeLambda(context: Context, [params, rest, body, closure]: readonly Plain[]): Lambda {
  let scope: Scope | undefined;
  for (const [name, value] of closure as [string, Plain][]) {
    scope = { name, value: decodeValue(context, value), outer: scope };
  }
  const names = (params as (string | null)[]).map((name) => name ?? undefined);
  return new Lambda(
    names,
    typeof rest === "string" ? rest : undefined,
    decodeExpr(body as Plain),
    scope,
  );
}

// Expressions ------------------------------------------------------------------------------------

/** A tree without its spans: they lead to a source that a cursor does not hold. */
function encodeExpr(expr: Expr): Plain {
  return JSON.parse(
    JSON.stringify(expr, (key: string, value: unknown) => {
      if (key === "span") return undefined;
      if (typeof value === "number" && !Number.isFinite(value)) return { $d: printDouble(value) };
      return typeof value === "bigint" ? { $n: String(value) } : value;
    }),
  ) as Plain;
}

function decodeExpr(plain: Plain): Expr {
  return revive(plain) as Expr;
}

function revive(plain: Plain): unknown {
  if (plain === null || typeof plain !== "object") return plain;
  if (isList(plain)) return plain.map(revive);
  const { $n, $d } = plain;
  if (typeof $n === "string") return BigInt($n);
  if (typeof $d === "string") return parseDouble($d);
  const entries = Object.entries(plain).map(([key, value]) => [key, revive(value)]);
  return { ...Object.fromEntries(entries), span: NO_SPAN };
}
