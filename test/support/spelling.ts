/** One definition, said in two ways that mean the same. */

const NOTHING = String.raw`"(?:(?:roles|privileges|membership|constraints)":\[\]|history_days":(?:9223372036854775807|\{"@long":"9223372036854775807"\}))`;
const SAYS_NOTHING_FIRST = new RegExp(`(?<=\\{)${NOTHING},`, "g");
const SAYS_NOTHING = new RegExp(`,${NOTHING}`, "g");

/**
 * What schema files say in one way only, whichever way it was written by queries: no members and empty ones, history
 * that is kept for ever, and a role by its name.
 */
function inOneSpelling(definition: string): string {
  return definition
    .replaceAll(/\{"@ref":\{"coll":\{"@mod":"Role"\},"name":("[^"]*")\}\}/g, "$1")
    .replaceAll(/\{"@ref":\{"collection":\{"@ref":\{"id":"roles"\}\},"id":("[^"]*")\}\}/g, "$1")
    .replaceAll(SAYS_NOTHING_FIRST, "")
    .replaceAll(SAYS_NOTHING, "");
}

/** Whether a difference that the independent reader found is one of spelling alone. */
export function isSpelling(difference: string): boolean {
  const [key, ...sides] = difference.split("\n");
  if (key?.startsWith("definitions ") !== true || sides.length !== 2) return false;
  return inOneSpelling(sides[0]!) === inOneSpelling(sides[1]!);
}
