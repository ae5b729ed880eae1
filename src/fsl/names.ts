/** Which names FSL and FQL v10 can write, and which they keep for themselves. */

/** Words that can never be an identifier. */
const KEYWORDS: ReadonlySet<string> = new Set(
  "if else at match case let null true false isa join on of".split(" "),
);

/** Field names of a document that v10 keeps for itself; such user fields show below `data`. */
export const SPECIAL_FIELD_NAMES: ReadonlySet<string> = new Set(
  "id coll ts ttl data delete update replace updateData replaceData exists".split(" "),
);

/** Whether `word` is one of the words that can never be an identifier. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word);
}

/** Whether `name` can be written bare; any other name is written between double quotes. */
export function isIdentifier(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !KEYWORDS.has(name);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\0", "\\0"],
  ['"', '\\"'],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\v", "\\v"],
  ["\t", "\\t"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["#", "\\#"],
]);

function isShown(unit: number): boolean {
  return !(
    unit <= 0x08 ||
    (unit >= 0x0e && unit <= 0x1f) ||
    unit === 0x7f ||
    unit === 0xfeff ||
    (unit >= 0xfff0 && unit <= 0xffff) ||
    (unit >= 0x2000 && unit <= 0x200f) ||
    (unit >= 0x2028 && unit <= 0x202f) ||
    (unit >= 0x2060 && unit <= 0x206f)
  );
}

/** `text` as the string literal the server prints: double quotes, `#` and control characters escaped. */
export function printString(text: string): string {
  let out = '"';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const escape = ESCAPES.get(character);
    if (escape !== undefined) out += escape;
    else if (point > 0xffff) out += `\\u{${point.toString(16).padStart(6, "0")}}`;
    else if (isShown(point)) out += character;
    else out += `\\u${point.toString(16).padStart(4, "0")}`;
  }
  return `${out}"`;
}

/** `name` as it stands in FSL: bare if it can, quoted otherwise. */
export function printName(name: string): string {
  return isIdentifier(name) ? name : printString(name);
}
