/** Definitions and schema files of an archive against those of a live database. */
import type { Archive, DefinitionLine } from "../archive/archive.ts";
import { parseDefinitionLine } from "../archive/archive.ts";
import {
  allDefinitions,
  type Connection,
  DEFINITION_KINDS,
  type DefinitionKind,
  schemaFiles,
} from "../fauna/fauna.ts";
import { saidInFiles, withoutSpelling } from "./same-in-files.ts";
import { isJsonObject, type Json, JsonNumber, parseJson, printJson } from "../values/json.ts";

export interface DefinitionDifference {
  readonly kind: DefinitionKind | "fsl";
  readonly name: string;
  /** `missing` from the database, `extra` in it, or there with another content. */
  readonly how: "missing" | "extra" | "different";
  /** The top-level members that differ; empty for files. */
  readonly members: readonly string[];
}

interface Options {
  readonly at: bigint;
  readonly signal: AbortSignal;
}

/**
 * Every definition and schema file that differs. What no restore can keep is not compared: the `ts` of
 * definitions, ids and audiences that the server makes up, whether an index has been built, and the spelling of what
 * schema files show alike (`same-in-files.ts`).
 */
export async function compareSchema(
  archive: Archive,
  connection: Connection,
  { at, signal }: Options,
): Promise<DefinitionDifference[]> {
  const kinds = archivedKinds(archive);
  if (kinds.length === 0) return [];
  const live = await allDefinitions(connection, { at, signal, kinds });
  const files = await bothFiles(archive, connection, signal);
  const said = { left: saidInFiles(files.left), right: saidInFiles(files.right) };
  const differences: DefinitionDifference[] = [];
  for (const kind of kinds) {
    const right = new Map(
      live.filter((each) => each.kind === kind).map((each) => [each.name, each]),
    );
    for await (const line of archive.definitions(kind)) {
      const left = parseDefinitionLine(line, `${archive.store.place} ${kind}`);
      const found = right.get(left.name);
      right.delete(left.name);
      const members =
        found === undefined
          ? []
          : withoutSpelling(
              {
                kind,
                name: left.name,
                members: differentMembers(left, found),
                madeBy: [left.madeBy, found.madeBy],
              },
              said.left,
              said.right,
            );
      if (found !== undefined && members.length === 0) continue;
      differences.push({
        kind,
        name: left.name,
        how: found === undefined ? "missing" : "different",
        members,
      });
    }
    for (const name of right.keys()) differences.push({ kind, name, how: "extra", members: [] });
  }
  return [...differences, ...compareFiles(files)];
}

/** Child databases are not part of this archive's content; what it lists of them is for information. */
function archivedKinds(archive: Archive): DefinitionKind[] {
  const hasSchema = archive.database().schema.length > 0;
  return hasSchema ? DEFINITION_KINDS.filter((kind) => kind !== "databases") : [];
}

interface BothFiles {
  readonly left: ReadonlyMap<string, string>;
  readonly right: ReadonlyMap<string, string>;
}

async function bothFiles(
  archive: Archive,
  connection: Connection,
  signal: AbortSignal,
): Promise<BothFiles> {
  const { files } = await schemaFiles(connection, { signal });
  return {
    left: await archive.fsl(),
    right: new Map(files.map(({ filename, content }) => [filename, content])),
  };
}

function compareFiles({ left, right }: BothFiles): DefinitionDifference[] {
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names]
    .filter((name) => left.get(name) !== right.get(name))
    .map((name) => ({
      kind: "fsl",
      name,
      how: !right.has(name) ? "missing" : !left.has(name) ? "extra" : "different",
      members: [],
    }));
}

function differentMembers(left: DefinitionLine, right: DefinitionLine): string[] {
  const members = new Set<string>();
  for (const form of ["v4", "v10"] as const) {
    const one = comparable(left[form]);
    const other = comparable(right[form]);
    // Where one side's server has v4 switched off there is nothing to compare.
    if (one === undefined || other === undefined) continue;
    for (const name of new Set([...one.keys(), ...other.keys()])) {
      if (one.get(name) !== other.get(name)) members.add(name);
    }
  }
  return [...members];
}

/** Members that are the server's own. */
const NATURAL = new Set(["ts", "ref", "audience", "global_id", "active"]);

/** Members as texts that can be compared: the server prints those of definitions in no fixed order. */
function comparable(text: string | undefined): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined;
  const json = parseJson(text);
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  const members = new Map<string, string>();
  if (!isJsonObject(inner)) return members;
  for (const [name, value] of inner) {
    if (!NATURAL.has(name)) members.set(name, printJson(withoutStatus(sorted(value), name)));
  }
  return members;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value) || value instanceof JsonNumber) return value;
  const entries = [...value].map(([name, member]) => [name, sorted(member)] as const);
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** How far an index or a unique constraint has been built is not part of its definition. */
function withoutStatus(value: Json, member: string): Json {
  if (member === "constraints" && Array.isArray(value)) return value.map(dropStatus);
  if (member !== "indexes" || !isJsonObject(value)) return value;
  return new Map([...value].map(([name, index]) => [name, dropStatus(index)]));
}

function dropStatus(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return new Map([...value].filter(([name]) => name !== "status"));
}
