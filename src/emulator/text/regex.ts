/** Regular expressions as queries write them: Java's, as far as JavaScript's mean the same. */

/** Escaped characters, quoted stretches, classes (in which braces and quantifiers mean themselves), and what is to be changed. */
const PIECES =
  /\\Q([^]*?)(?:\\E|$)|\\z|\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]|([*+?}])\+|\{(\d+(?:,\d*)?\})?/g;

/** The expression that means what `source` means in Java. @throws SyntaxError if it means nothing */
export function javaRegex(source: string, flags: string): RegExp {
  const leading = /^\(\?([imsu]+)\)/.exec(source);
  const inline = (leading?.[1] ?? "").replaceAll(/[^ims]/g, "");
  const pattern = source.slice(leading?.[0].length ?? 0).replaceAll(PIECES, translate);
  const all = [...new Set(inline + flags)].join("");
  try {
    return new RegExp(pattern, `${all}u`);
  } catch {
    // Java knows escapes that JavaScript allows only where it does not look at code points.
    return new RegExp(pattern, all);
  }
}

function translate(
  piece: string,
  quoted: string | undefined,
  possessive: string | undefined,
  repetition: string | undefined,
): string {
  if (piece.startsWith("\\Q")) return (quoted ?? "").replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  if (piece === "\\z") return "$";
  if (possessive !== undefined) return possessive;
  if (piece === "{" && repetition === undefined) throw new SyntaxError("Illegal repetition");
  return piece;
}
