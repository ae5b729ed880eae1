/** Differences between definitions that are none: said in two ways that mean the same, or what the import had to leave out. */
import type { ImportReport } from "../../src/import/import.ts";

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

/** The most days that are counted with: a file that a server writes says no more of a collection that has more (live 46). */
const MOST_DAYS = 106_751n;

function inCountedDays(files: string): string {
  return files.replaceAll(/(?<=^ +(?:history|ttl)_days )\d+$/gm, (days) =>
    String(BigInt(days) > MOST_DAYS ? MOST_DAYS : days),
  );
}

/** Whether a difference that the independent reader found is one of spelling alone. */
export function isSpelling(difference: string): boolean {
  const [key, ...sides] = difference.split("\n");
  if (key?.startsWith("files ") === true) {
    const both = inCountedDays(sides.join("\n"));
    const middle = (both.length - 1) / 2;
    return both.slice(0, middle) === both.slice(middle + 1);
  }
  if (key?.startsWith("definitions ") !== true || sides.length !== 2) return false;
  return inOneSpelling(sides[0]!) === inOneSpelling(sides[1]!);
}

/** Definitions that the import says named what is no more, by the kinds of both languages. */
export function lostIn({ notes }: Pick<ImportReport, "notes">): string[] {
  const named = notes.filter(({ code }) => code === "lost_references");
  return named.flatMap(({ examples }) =>
    examples.flatMap((example) => {
      const [, kind, name] = /^(\w+) (.*): \w+ .*$/.exec(example)!;
      return [`${kind}/${name}`, `${V10_KINDS[kind!]}/${name}`];
    }),
  );
}

const V10_KINDS: Readonly<Record<string, string>> = {
  functions: "Function",
  roles: "Role",
  access_providers: "AccessProvider",
};

/** Whether it is a difference in one of them, or in the schema files, which show roles of which nothing is left. */
export function isOfLost(definitions: readonly string[], difference: string): boolean {
  if (definitions.length > 0 && difference.startsWith("files ")) return true;
  return definitions.some((name) => difference.startsWith(`definitions ${name}:`));
}
