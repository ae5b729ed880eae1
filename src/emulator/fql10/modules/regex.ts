/** Regular expressions as queries write them: Java's, as far as JavaScript's mean the same. */
import type { Context } from "../interpreter/context.ts";

const QUANTIFIED_POSSESSIVELY = /([*+?}])\+/g;

/** @throws QueryFailure `invalid_regex` */
export function compileRegex(context: Context, source: string, flags = ""): RegExp {
  const leading = /^\(\?([imsu]+)\)/.exec(source);
  const inline = (leading?.[1] ?? "").replaceAll(/[^ims]/g, "");
  const pattern = source
    .slice(leading?.[0].length ?? 0)
    .replaceAll(QUANTIFIED_POSSESSIVELY, "$1")
    .replaceAll("\\z", "$");
  try {
    return new RegExp(pattern, `${inline}${flags}u`);
  } catch {
    try {
      return new RegExp(pattern, `${inline}${flags}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^.*: /, "") : "Syntax error";
      throw context.failure("invalid_regex", `Invalid regular expression. ${reason} at index 0`);
    }
  }
}
