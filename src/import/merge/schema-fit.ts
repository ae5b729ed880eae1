/**
 * Whether a database that holds a schema already has the one that documents were exported with. Its schema is not
 * touched: it may hold more, but what the source has must be there, and the same.
 */
import type { DefinitionKind, DefinitionLine } from "../../archive/archive.ts";
import { ArkError } from "../../errors/errors.ts";
import type { Connection, Definition } from "../../fauna/fauna.ts";
import { schemaFiles, stagedStatus } from "../../fauna/fauna.ts";
import { parseFsl, printItem } from "../../fsl/fsl.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../../values/json.ts";
import type { ImportSource } from "../source.ts";
import { refuseHeld } from "../ownership.ts";
import { readTarget } from "../target.ts";

/** How a target's collections are to be handled. */
export interface TargetFit {
  /** Collections that give a ttl to whatever is written without one (facts §5.1). */
  readonly withTtlDays: ReadonlySet<string>;
}

const DIFFERENCES_NAMED = 10;

/**
 * Makes sure that the source's documents can go into the target as it is.
 *
 * @throws ArkError ERR_BUSY for an import that is under way; ERR_TARGET_NOT_EMPTY for an unfinished one or a staged schema; ERR_SCHEMA naming what is missing
 * from the target or different there.
 */
export async function checkFit(
  source: ImportSource,
  target: Connection,
  signal: AbortSignal,
): Promise<TargetFit> {
  const { marker, mark, definitions } = await readTarget(target, signal);
  await refuseHeld(target, mark);
  if (marker !== undefined || mark.isOwned) {
    const begun = marker === undefined ? "" : `, begun at ${marker.started},`;
    throw new ArkError("ERR_TARGET_NOT_EMPTY", `An import${begun} never finished here.`, {
      place: target.place,
      hint: "Finish that one first, with --continue.",
    });
  }
  const { status } = await stagedStatus(target, { signal });
  if (status !== "none") {
    throw new ArkError("ERR_TARGET_NOT_EMPTY", `A schema is staged in the target (${status}).`, {
      place: target.place,
      hint: "Commit or abandon it first.",
    });
  }
  const differences = await findDifferences(source, target, definitions, signal);
  if (differences.length > 0) throw unfit(target, differences);
  const ttlDays = definitions.filter((each) => each.kind === "collections" && hasTtlDays(each));
  return { withTtlDays: new Set(ttlDays.map(({ name }) => name)) };
}

async function findDifferences(
  source: ImportSource,
  target: Connection,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<string[]> {
  const there = new Map(definitions.map((each) => [`${each.kind} ${each.name}`, each]));
  const differences = new Set<string>();
  for (const { name } of source.collections) {
    if (!there.has(`collections ${name}`)) differences.add(`collection ${name} is missing`);
  }
  const { files } = await schemaFiles(target, { signal });
  const live = items(files.map(({ filename, content }) => [filename, content]));
  for (const [key, text] of items(source.files)) {
    const found = live.get(key);
    if (found === undefined) differences.add(`${key} is missing`);
    else if (found !== text) differences.add(`${key} is different`);
  }
  for (const [kind, lines] of source.definitions) {
    for (const line of lines.filter((each) => isV4s(kind, each))) {
      const found = there.get(`${kind} ${line.name}`);
      const what = `v4's ${line.name} of ${kind}`;
      if (found === undefined) differences.add(`${what} is missing`);
      else if (comparable(found.v4) !== comparable(line.v4))
        differences.add(`${what} is different`);
    }
  }
  return [...differences];
}

const KINDS: ReadonlySet<DefinitionKind> = new Set([
  "indexes",
  "functions",
  "roles",
  "access_providers",
]);

/** Definitions that schema files do not say. */
function isV4s(kind: DefinitionKind, { madeBy }: DefinitionLine): boolean {
  return madeBy === "v4" && KINDS.has(kind);
}

/** What schema files say, by kind and name; however it is laid out. */
function items(files: Iterable<readonly [filename: string, content: string]>) {
  const found = new Map<string, string>();
  for (const [filename, content] of files) {
    for (const item of parseFsl(content, filename).items)
      found.set(`${item.kind} ${item.name.text}`, printItem(item));
  }
  return found;
}

/** Members that are the server's own. */
const OWN = new Set(["ref", "ts", "active", "audience"]);

function comparable(v4: string | undefined): string | undefined {
  const json = v4 === undefined ? undefined : parseJson(v4);
  if (!isJsonObject(json)) return undefined;
  return printJson(sorted(new Map([...json].filter(([name]) => !OWN.has(name)))));
}

function sorted(json: Json): Json {
  if (Array.isArray(json)) return json.map(sorted);
  if (!isJsonObject(json)) return json;
  const members = [...json].map(([name, value]) => [name, sorted(value)] as const);
  return new Map(members.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function hasTtlDays({ v4, v10 }: Definition): boolean {
  const json = parseJson(v4 ?? v10 ?? "{}");
  const document = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  const days = isJsonObject(document) ? document.get("ttl_days") : undefined;
  return days !== undefined && days !== null;
}

function unfit(target: Connection, differences: readonly string[]): ArkError {
  const named = differences.slice(0, DIFFERENCES_NAMED).join(", ");
  const more =
    differences.length > DIFFERENCES_NAMED
      ? ` and ${differences.length - DIFFERENCES_NAMED} more`
      : "";
  return new ArkError("ERR_SCHEMA", `The target's schema is another: ${named}${more}.`, {
    place: target.place,
    hint: "Bring the schema to the same state first, or import the documents alone with --data-only into the collections that are there.",
    details: { differences },
  });
}
