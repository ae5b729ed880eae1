/** The schema of two sides: definitions one by one, schema files line by line. */
import {
  type DefinitionLine,
  type DefinitionsByKind,
  emptiedRoles,
  filesWithoutLost,
  type LivingDefinitions,
  withoutLostReferences,
} from "../archive/archive.ts";
import type { DefinitionKind } from "../fauna/fauna.ts";
import { editAll, editDays, type FslFile, MOST_DAYS, readFsl, removeItem } from "../fsl/fsl.ts";
import { isJsonObject, type Json, JsonNumber, parseJson, printJson } from "../values/json.ts";
import { saidInFiles, withoutSpelling } from "./same-in-files.ts";
import { COMPARED_KINDS, type Side } from "./side.ts";

export interface DefinitionDifference {
  readonly kind: DefinitionKind | "fsl";
  readonly name: string;
  /** `missing` from the right side, `extra` in it, or there with another content. */
  readonly how: "missing" | "extra" | "different";
  /** The top-level members that differ; empty for files. */
  readonly members: readonly string[];
}

/** A member that no restore can keep: it differs, and means nothing. */
export interface NaturalDifference {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly member: string;
  /** The same, spelled in another way (`same-in-files.ts`). */
  readonly isSpelling: boolean;
}

export interface SchemaComparison {
  /** Schema files come last. */
  readonly differences: readonly DefinitionDifference[];
  readonly natural: readonly NaturalDifference[];
}

/**
 * Every definition and schema file that differs; nothing where a side says nothing of its schema. What no restore can
 * keep counts for itself: the `ts` of definitions, ids and audiences that the server makes up, whether an index has
 * been built, and the spelling of what schema files show alike.
 */
export function compareSchema(
  left: Side,
  right: Side,
  kinds: readonly DefinitionKind[] = COMPARED_KINDS,
): SchemaComparison {
  if (!left.hasSchema || !right.hasSchema) return { differences: [], natural: [] };
  const differences: DefinitionDifference[] = [];
  const natural: NaturalDifference[] = [];
  const [mine, theirs] = [living(left), living(right)];
  const said = { left: saidInFiles(mine.files), right: saidInFiles(theirs.files) };
  for (const kind of kinds) {
    const there = named(theirs.definitions, kind);
    for (const one of named(mine.definitions, kind).values()) {
      const { name } = one;
      const other = there.get(name);
      there.delete(name);
      if (other === undefined) {
        differences.push({ kind, name, how: "missing", members: [] });
        continue;
      }
      const { members, own } = differentMembers(one, other);
      const madeBy = [one.madeBy, other.madeBy];
      const meant = withoutSpelling({ kind, name, members, madeBy }, said.left, said.right);
      const spelled = members.filter((member) => !meant.includes(member));
      const asNatural = (isSpelling: boolean) => (member: string) =>
        natural.push({ kind, name, member, isSpelling });
      own.forEach(asNatural(false));
      spelled.forEach(asNatural(true));
      if (meant.length > 0) differences.push({ kind, name, how: "different", members: meant });
    }
    for (const name of there.keys()) differences.push({ kind, name, how: "extra", members: [] });
  }
  const emptied = new Set([...emptiedRoles(mine), ...emptiedRoles(theirs)]);
  const files = compareFiles(
    withoutRoles(mine.files, emptied),
    withoutRoles(theirs.files, emptied),
  );
  return { differences: [...differences, ...files], natural };
}

interface Living extends LivingDefinitions {
  readonly files: Side["files"];
}

/** What no copy can have is not compared: what definitions name in vain. */
function living({ definitions, files }: Side): Living {
  const kinds = new Set(definitions.map(({ kind }) => kind));
  const byKind = new Map(
    [...kinds].map((kind) => [kind, definitions.filter((each) => each.kind === kind)] as const),
  );
  const alive = filesWithoutLost(files, byKind);
  return { ...withoutLostReferences(byKind), files: edited(alive, withCountedDays) };
}

/** Files may say more days than Fauna counts with, or what it counts with in place of more. */
const withCountedDays = (file: FslFile): string | undefined =>
  editDays(file, (_collection, _member, days) => (days > MOST_DAYS ? MOST_DAYS : days));

/** Files after an edit; one that cannot be read stays as it is. */
function edited(
  files: Side["files"],
  edit: (file: FslFile) => string | undefined,
): ReadonlyMap<string, string> {
  return new Map(
    [...files].map(([filename, content]) => {
      const isWhole = readFsl(content).problems.length === 0;
      return [filename, isWhole ? editAll(content, filename, edit) : content];
    }),
  );
}

/** Schema files without some roles; those that hold nothing else are none. */
function withoutRoles(files: Side["files"], names: ReadonlySet<string>): Side["files"] {
  if (names.size === 0) return files;
  const kept = new Map<string, string>();
  for (const [filename, text] of edited(files, (file) => withoutRole(file, names))) {
    if (text === files.get(filename) || readFsl(text).items.length > 0) kept.set(filename, text);
  }
  return kept;
}

function withoutRole(file: FslFile, names: ReadonlySet<string>): string | undefined {
  const item = file.items.find(({ kind, name }) => kind === "role" && names.has(name.text));
  return item === undefined ? undefined : removeItem(file, item);
}

function named(definitions: DefinitionsByKind, kind: DefinitionKind): Map<string, DefinitionLine> {
  return new Map((definitions.get(kind) ?? []).map((each) => [each.name, each]));
}

function compareFiles(left: Side["files"], right: Side["files"]): DefinitionDifference[] {
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

/** Members that are the server's own. */
const OWN = new Set(["ts", "ref", "audience", "global_id", "active"]);

function differentMembers(
  left: DefinitionLine,
  right: DefinitionLine,
): { readonly members: readonly string[]; readonly own: readonly string[] } {
  const different = new Set<string>();
  for (const form of ["v4", "v10"] as const) {
    const one = comparable(left[form]);
    const other = comparable(right[form]);
    // Where one side's server has v4 switched off there is nothing to compare.
    if (one === undefined || other === undefined) continue;
    for (const name of new Set([...one.keys(), ...other.keys()])) {
      if (one.get(name) !== other.get(name)) different.add(name);
    }
  }
  const members = [...different];
  return {
    members: members.filter((name) => !OWN.has(name)),
    own: members.filter((name) => OWN.has(name)),
  };
}

/** Members as texts that can be compared: the server prints those of definitions in no fixed order. */
function comparable(text: string | undefined): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined;
  const json = parseJson(text);
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  const members = new Map<string, string>();
  if (!isJsonObject(inner)) return members;
  for (const [name, value] of inner) {
    members.set(name, printJson(withoutStatus(sorted(value), name)));
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
