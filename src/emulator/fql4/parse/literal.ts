/** Tagged literals: `@ref`, `@ts`, `@date`, `@bytes`, `@uuid`, `@query`, `@set`, `@obj`, and what `quote` holds. */
import { parseBase64 } from "../../../values/bytes.ts";
import { LocalDate } from "../../../values/date.ts";
import { Uuid } from "../../../values/uuid.ts";
import { isArkError } from "../../../errors/errors.ts";
import type { Json } from "../../../values/json.ts";
import { StoredLambda } from "../../data/value.ts";
import { fail, invalidExpression, together } from "../failure.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import { parseTime } from "../time.ts";
import { writeLiteral } from "../render/wire.ts";
import { isArray, isObject, type Literal, type ObjectLiteral } from "../value.ts";
import { LAMBDA_DEFAULT_VERSION, parseVersion } from "../version.ts";
import { parseRef } from "./reference.ts";
import { parseSet } from "./set-literal.ts";

/** `input` with its tags read, as inside `quote`. The input is changed in place. */
export function parseLiteral(session: Session, input: Literal, position: Position): Literal {
  if (isArray(input)) return parseItems(session, input, position);
  if (!isObject(input)) return input;
  const tagged = parseTagged(session, input, position);
  return tagged === undefined ? parseMembers(session, input, position) : tagged;
}

function parseItems(session: Session, input: readonly Literal[], position: Position): Literal {
  const items = input as Literal[];
  together(items.length, (i) => {
    const item = items[i]!;
    if (typeof item === "object" && item !== null) {
      items[i] = parseLiteral(session, item, position.at(i));
    }
  });
  return items;
}

function parseMembers(session: Session, input: ObjectLiteral, position: Position): Literal {
  const members = input as Map<string, Literal>;
  const names: string[] = [];
  for (const [name, value] of members) {
    if (typeof value === "object" && value !== null) names.push(name);
  }
  together(names.length, (i) => {
    const name = names[i]!;
    const value = members.get(name)!;
    const parsed = parseLiteral(session, value, position.at(name));
    if (parsed !== value) members.set(name, parsed);
  });
  return members;
}

/** The value of a tagged object, or undefined if `input` is not one. */
export function parseTagged(
  session: Session,
  input: ObjectLiteral,
  position: Position,
): Literal | undefined {
  if (input.size !== 1) return undefined;
  const [[tag, value]] = input as unknown as [[string, Literal]];
  if (!tag.startsWith("@")) return undefined;
  switch (tag) {
    case "@obj":
      if (!isObject(value)) fail(invalidExpression("Invalid object.", position));
      return parseMembers(session, value, position);
    case "@ref":
      return parseRef(session, value, position);
    case "@set":
      return parseSet(session, value, position, parseLiteral);
    case "@query":
      return parseQuery(session, value, position);
    case "@ts":
      return scalar(value, position, "Invalid time.", parseTime);
    case "@date":
      return scalar(value, position, "Invalid date.", (text) => LocalDate.parse(text));
    case "@bytes":
      return scalar(value, position, "Invalid bytes.", parseBase64);
    case "@uuid":
      return scalar(value, position, "Invalid UUID.", (text) => Uuid.parse(text));
    default:
      return undefined;
  }
}

function scalar<T>(
  value: Literal,
  position: Position,
  complaint: string,
  parse: (text: string) => T,
): T {
  if (typeof value !== "string") fail(invalidExpression(complaint, position));
  try {
    return parse(value);
  } catch (error) {
    if (!isArkError(error)) throw error;
    fail(invalidExpression(complaint, position));
  }
}

/** A lambda as a value. Without `api_version` it is of 2.12; it may not use variables from outside. */
function parseQuery(session: Session, value: Literal, position: Position): Literal {
  const complaint = invalidExpression("Invalid lambda.", position);
  if (!isObject(value)) fail(complaint);
  const named = value.get("api_version");
  const version =
    named === undefined
      ? LAMBDA_DEFAULT_VERSION
      : typeof named === "string"
        ? parseVersion(named)
        : undefined;
  const keys = named === undefined ? 2 : 3;
  if (version === undefined || value.size !== keys || !value.has("lambda") || !value.has("expr")) {
    fail(complaint);
  }
  const lambda = session.grammar.parseClosedLambda(session, value, version, position);
  if (lambda === undefined) fail(complaint);
  const written = lambda.write((inner) => writeLiteral(session, inner));
  return new StoredLambda(
    new Map<string, Json>([["api_version", lambda.version], ...(written as Map<string, Json>)]),
  );
}
