/** Regular expressions of queries, which may take exponential time: they get what time the query has left. */
import vm from "node:vm";

/** What makes a match try again: quantifiers and alternatives (as far as a glance tells). */
const CHOICE = /[*+?{|]/g;
/** A character that stands for itself, or for a class of others, whatever it is without its backslash. */
const ESCAPE = /\\./gs;
/** A repeated group. */
const REPEATED_GROUP = /\)[*+?{]/;
/** One quantifier over a text of this length is still done in no time. */
const LONG = 10_000;
/** The least time that a regular expression gets, in ms. */
const LEAST_MS = 1;

const realm = vm.createContext({ run: undefined });
const script = new vm.Script("run()");

/**
 * Runs `match`, which uses `pattern` on a text of `length`. Undefined means that it was ended because the
 * time of `performance.now()` passed `deadline`. `match` must change nothing that outlives it.
 */
export function matchBefore<T>(
  deadline: number,
  pattern: RegExp,
  length: number,
  match: () => T,
): { readonly value: T } | undefined {
  if (deadline === Number.POSITIVE_INFINITY || isHarmless(pattern, length))
    return { value: match() };
  // A call into another realm is the only thing that Node ends in the middle of a match.
  realm["run"] = match;
  try {
    const left = Math.max(LEAST_MS, Math.ceil(deadline - performance.now()));
    return { value: script.runInContext(realm, { timeout: left }) as T };
  } catch (error) {
    if (isTimeout(error)) return undefined;
    throw error;
  } finally {
    realm["run"] = undefined;
  }
}

function isHarmless(pattern: RegExp, length: number): boolean {
  const source = pattern.source.replaceAll(ESCAPE, "x");
  const choices = source.match(CHOICE)?.length ?? 0;
  return choices === 0 || (choices === 1 && length < LONG && !REPEATED_GROUP.test(source));
}

/** The error is made in the other realm: it is no instance of this one's `Error`. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "code" in error &&
  error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
