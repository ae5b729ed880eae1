/** Text without the differences of case. */

/** A character as case folding has it: `ς` and `Σ` are `σ`, `ß` and `ẞ` are `ss`; `ı` stays apart from `i`. */
const folded = (char: string): string =>
  char === "ı" ? char : char.toLowerCase().toUpperCase().toLowerCase();

/** Unicode's NFKC_Casefold, for comparisons that ignore case. */
export const caseFold = (text: string): string =>
  Array.from(text.normalize("NFKC"), folded).join("").normalize("NFKC");
