/** Regular expressions in queries. */
import { javaRegex } from "../../text/regex.ts";
import type { Context } from "../interpreter/context.ts";

/** @throws QueryFailure `invalid_regex` */
export function compileRegex(context: Context, source: string, flags = ""): RegExp {
  try {
    return javaRegex(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, "") : "Syntax error";
    throw context.failure("invalid_regex", `Invalid regular expression. ${reason} at index 0`);
  }
}
