/**
 * References of v4's definitions to others that are no more. v4 lets collections, indexes, functions and roles be
 * deleted while roles, functions, indexes and access providers name them, and goes on showing the old names; but it
 * takes no definition that names what is not there. A reference into nothing grants nothing, so a definition means
 * the same without it.
 */
import { isJsonObject, type Json, type JsonObject, parseJson, printJson } from "../values/json.ts";
import type { DefinitionLine } from "./definition-line.ts";
import type { DefinitionKind } from "./manifest.ts";

/** Definitions by their kind, all that a database has. */
export type DefinitionsByKind = ReadonlyMap<DefinitionKind, readonly DefinitionLine[]>;

export interface LostReference {
  readonly kind: DefinitionKind;
  /** The definition that names it. */
  readonly name: string;
  /** What it names, as `role clerk`. */
  readonly lost: string;
}

export interface LivingDefinitions {
  /** Without the references that lead nowhere, and without indexes of which no source is left. */
  readonly definitions: DefinitionsByKind;
  readonly lost: readonly LostReference[];
}

/** Separates what a database's definitions name in vain. What v10 made never does: Fauna sees to that (facts §6.4). */
export function withoutLostReferences(definitions: DefinitionsByKind): LivingDefinitions {
  const names = new Map(
    [...definitions].map(([kind, lines]) => [
      kind as string,
      new Set(lines.map(({ name }) => name)),
    ]),
  );
  const lost: LostReference[] = [];
  const living = [...definitions].map(([kind, lines]) => {
    const prune = PRUNERS[kind];
    if (prune === undefined) return [kind, lines] as const;
    const kept = lines.flatMap((line) => {
      const json = line.madeBy === "v4" && line.v4 !== undefined ? parseJson(line.v4) : undefined;
      if (!isJsonObject(json)) return [line];
      const found: string[] = [];
      const pruned = prune(json, (ref) => isThere(ref, names, found));
      if (found.length === 0) return [line];
      lost.push(...found.map((each) => ({ kind, name: line.name, lost: each })));
      // v10 shows the same in words of its own.
      return pruned === undefined ? [] : [{ ...line, v4: printJson(pruned), v10: undefined }];
    });
    return [kind, kept] as const;
  });
  return { definitions: new Map(living), lost };
}

type IsThere = (reference: Json | undefined) => boolean;
type Prune = (definition: JsonObject, isThere: IsThere) => JsonObject | undefined;

const PRUNERS: Partial<Record<DefinitionKind, Prune>> = {
  indexes: (index, there) => {
    const source = index.get("source");
    const kept = filtered(source, (each) => {
      const inner = isJsonObject(each) && !each.has("@ref") ? each : undefined;
      return there(inner === undefined ? each : (inner.get("collection") ?? inner.get("class")));
    });
    return kept === undefined ? undefined : replaced(index, "source", kept);
  },
  functions: (func, there) => (there(func.get("role")) ? func : replaced(func, "role", undefined)),
  roles: (role, there) => {
    const lives = (each: Json): boolean => !isJsonObject(each) || there(each.get("resource"));
    const privileges = filtered(role.get("privileges"), lives) ?? [];
    const membership = filtered(role.get("membership"), lives);
    return replaced(replaced(role, "privileges", privileges), "membership", membership);
  },
  access_providers: (provider, there) => {
    const roles = filtered(provider.get("roles"), (each) =>
      there(isJsonObject(each) && each.has("role") ? each.get("role") : each),
    );
    return replaced(provider, "roles", roles);
  },
};

/** Of a list, or of one that stands for itself, what passes; undefined when nothing does. */
function filtered(value: Json | undefined, passes: (each: Json) => boolean): Json | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return passes(value) ? value : undefined;
  const kept = value.filter(passes);
  return kept.length === 0 && value.length > 0 ? undefined : kept;
}

/** The object with another value for a member, at the same place. */
function replaced(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  if (!object.has(name)) return object;
  const members = [...object].map(([key, old]) => [key, key === name ? value : old] as const);
  return new Map(members.filter((each): each is [string, Json] => each[1] !== undefined));
}

const WORDS: Readonly<Record<string, string>> = {
  collections: "collection",
  classes: "collection",
  indexes: "index",
  functions: "function",
  roles: "role",
};

function isThere(
  reference: Json | undefined,
  names: ReadonlyMap<string, ReadonlySet<string>>,
  lost: string[],
): boolean {
  const inner = isJsonObject(reference) ? reference.get("@ref") : undefined;
  const id = isJsonObject(inner) ? inner.get("id") : undefined;
  const kind = isJsonObject(inner)
    ? kindIn(inner.get("collection") ?? inner.get("class"))
    : undefined;
  const word = kind === undefined ? undefined : WORDS[kind];
  if (typeof id !== "string" || kind === undefined || word === undefined) return true;
  if (names.get(kind === "classes" ? "collections" : kind)?.has(id) === true) return true;
  lost.push(`${word} ${id}`);
  return false;
}

/** `collections` of `{"@ref":{"id":"collections"}}`. */
function kindIn(reference: Json | undefined): string | undefined {
  const inner = isJsonObject(reference) ? reference.get("@ref") : undefined;
  const id = isJsonObject(inner) ? inner.get("id") : undefined;
  return typeof id === "string" ? id : undefined;
}
