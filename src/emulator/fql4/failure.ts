/** What a v4 query can fail with: Fauna's codes, positions and words. */
import type { Position } from "./position.ts";

/** Decides which of several errors names the status: the most basic kind first. */
type Rank = "parse" | "argument" | "permission" | "other";

const RANKS: readonly Rank[] = ["parse", "argument", "permission", "other"];

/** One field of a definition or document that is not valid. */
export interface FieldFailure {
  readonly field: readonly string[];
  readonly code: string;
  readonly description: string;
}

/** One entry of `errors`. */
export class V4Error {
  readonly code: string;
  readonly description: string;
  readonly position: Position;
  readonly rank: Rank;
  readonly status: number;
  readonly failures: readonly FieldFailure[];
  readonly cause: readonly V4Error[];

  constructor(
    code: string,
    description: string,
    position: Position,
    more: {
      readonly rank?: Rank;
      readonly status?: number;
      readonly failures?: readonly FieldFailure[];
      readonly cause?: readonly V4Error[];
    } = {},
  ) {
    this.code = code;
    this.description = description;
    this.position = position;
    this.rank = more.rank ?? "other";
    this.status = more.status ?? 400;
    this.failures = more.failures ?? [];
    this.cause = more.cause ?? [];
  }
}

/** Thrown while evaluating; all errors of expressions that are evaluated side by side. */
export class V4Failure extends Error {
  readonly errors: readonly V4Error[];

  constructor(errors: readonly V4Error[]) {
    super(errors[0]?.description ?? "");
    this.errors = errors;
  }
}

/** A failure of the whole request, without a place in the query. */
export class RequestFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The status of an answer with these errors. */
export function statusOf(errors: readonly V4Error[]): number {
  for (const rank of RANKS) {
    const first = errors.find((error) => error.rank === rank);
    if (first) return first.status;
  }
  return 400;
}

export function fail(error: V4Error): never {
  throw new V4Failure([error]);
}

/** Runs `each` for 0 to n-1, and fails with the errors of all of them. */
export function together<T>(n: number, each: (i: number) => T): T[] {
  const results: T[] = [];
  let errors: V4Error[] | undefined;
  for (let i = 0; i < n; i++) {
    try {
      results.push(each(i));
    } catch (error) {
      if (!(error instanceof V4Failure)) throw error;
      errors ??= [];
      errors.push(...error.errors);
    }
  }
  if (errors) throw new V4Failure(errors);
  return results;
}

/** The query cannot be understood. */
export function invalidExpression(description: string, position: Position): V4Error {
  return new V4Error("invalid expression", description, position, { rank: "parse" });
}

/** A function was given what it cannot take. */
export function invalidArgument(description: string, position: Position): V4Error {
  return new V4Error("invalid argument", description, position, { rank: "argument" });
}

/** `Number expected, String provided.` */
export function wrongType(
  expected: readonly string[],
  provided: string,
  position: Position,
): V4Error {
  return invalidArgument(expectation(expected, provided), position);
}

/** The same as a parse error. */
export function wrongForm(
  expected: readonly string[],
  provided: string,
  position: Position,
): V4Error {
  return invalidExpression(expectation(expected, provided), position);
}

function expectation(expected: readonly string[], provided: string): string {
  const last = expected.at(-1);
  if (last === undefined) return `${provided} provided.`;
  if (expected.length < 3) return `${expected.join(" or ")} expected, ${provided} provided.`;
  return `${expected.slice(0, -1).join(", ")}, or ${last} expected, ${provided} provided.`;
}

export function outOfBounds(what: string, bounds: string, position: Position): V4Error {
  return invalidArgument(`${what} must be ${bounds}`, position);
}

export function permissionDenied(position: Position): V4Error {
  return new V4Error(
    "permission denied",
    "Insufficient privileges to perform the action.",
    position,
    {
      rank: "permission",
      status: 403,
    },
  );
}

export function notFound(what: string, position: Position): V4Error {
  return new V4Error("instance not found", `${what} not found.`, position, { status: 404 });
}

export function undefinedRef(type: string, name: string, position: Position): V4Error {
  return new V4Error("invalid ref", `Ref refers to undefined ${type} '${name}'`, position);
}

export function aborted(description: string, position: Position): V4Error {
  return new V4Error("transaction aborted", description, position);
}

export function invalidWriteTime(position: Position): V4Error {
  return new V4Error("invalid write time", "Cannot write outside of snapshot time.", position);
}

export function schemaInvalid(description: string, position: Position): V4Error {
  return new V4Error("schema validation failed", description, position);
}

/** A document or definition with fields that are not valid; `noun` is `document`, or `instance` before 2.7. */
export function validationFailed(
  failures: readonly FieldFailure[],
  position: Position,
  noun = "document",
): V4Error {
  return new V4Error("validation failed", `${noun} data is not valid.`, position, { failures });
}
