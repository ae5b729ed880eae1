/**
 * What definitions name that is no more. Collections, indexes, functions and roles can be deleted through v4 while roles,
 * functions, indexes and access providers of either protocol name them, and Fauna goes on showing the old names, in its
 * schema files too (recording `interplay/v10-definitions-in-v4`); but it takes no definition that names what is not
 * there. A reference into nothing grants nothing, so a definition means the same without it.
 */
import {
  editAll,
  type FslFile,
  type FslKind,
  isGlobalName,
  readFsl,
  removeAnnotation,
  removeMember,
} from "../fsl/fsl.ts";
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

/** Separates what a database's definitions name in vain. */
export function withoutLostReferences(definitions: DefinitionsByKind): LivingDefinitions {
  const names = new Names(definitions);
  const lost: LostReference[] = [];
  const living = [...definitions].map(([kind, lines]) => {
    const prune = PRUNERS[kind];
    if (prune === undefined) return [kind, lines] as const;
    const kept = lines.flatMap((line) => {
      const found = new Set<string>();
      const there: IsThere = (reference, as) => {
        const missing = names.missing(reference, as);
        if (missing !== undefined) found.add(missing);
        return missing === undefined;
      };
      const forms = [line.v4, line.v10].map((text) =>
        prunedForm(text, (form) => prune(form, there)),
      );
      if (found.size === 0) return [line];
      lost.push(...[...found].map((each) => ({ kind, name: line.name, lost: each })));
      const [v4, v10] = forms;
      if (v4 === undefined && v10 === undefined) return [];
      // Of what v4 made, v10 shows the same in words of its own.
      return [{ ...line, v4, v10: line.madeBy === "v4" ? undefined : v10 }];
    });
    return [kind, kept] as const;
  });
  return { definitions: new Map(living), lost };
}

/**
 * Schema files without the members that name what is neither among the definitions nor in the files. Without
 * definitions, files speak for themselves and stay as they are.
 */
export function filesWithoutLost(
  files: ReadonlyMap<string, string>,
  definitions: DefinitionsByKind,
): ReadonlyMap<string, string> {
  if ([...definitions.values()].every((lines) => lines.length === 0)) return files;
  const names = new Names(definitions, files);
  const edit = (file: FslFile) => withoutOneLost(file, names);
  return new Map(
    [...files].map(([filename, content]) => {
      // What is wrong with a file, whoever uses it finds.
      const isWhole = readFsl(content).problems.length === 0;
      return [filename, isWhole ? editAll(content, filename, edit) : content];
    }),
  );
}

/** v4's roles of which nothing is left but their name: made anew they are such as schema files show. */
export function emptiedRoles({ definitions, lost }: LivingDefinitions): readonly string[] {
  const names = new Set(lost.filter(({ kind }) => kind === "roles").map(({ name }) => name));
  const roles = (definitions.get("roles") ?? []).filter(({ name }) => names.has(name));
  const emptied = roles.filter(({ madeBy, v4 }) => madeBy === "v4" && !v4?.includes('"resource"'));
  return emptied.map(({ name }) => name);
}

function withoutOneLost(file: FslFile, names: Names): string | undefined {
  const isLost = (name: string, as: Use): boolean => names.missing(name, as) !== undefined;
  for (const item of file.items) {
    if (item.kind === "role") {
      const member = item.members.find(({ resource }) => isLost(resource.text, "resource"));
      if (member !== undefined) return removeMember(file, member);
    }
    if (item.kind === "access provider") {
      const member = item.members.find(
        (each) => each.kind === "role" && isLost(each.role.text, "role"),
      );
      if (member !== undefined) return removeMember(file, member);
    }
    const role = item.annotations.find(({ keyword }) => keyword === "role");
    if (role !== undefined && isLost(role.value.text, "role"))
      return removeAnnotation(file, item, "role");
  }
  return undefined;
}

/** Prunes a definition as v4 prints it, or as v10 does, `{"@doc":{…}}`. */
function prunedForm(
  text: string | undefined,
  prune: (form: JsonObject) => JsonObject | undefined,
): string | undefined {
  const json = text === undefined ? undefined : parseJson(text);
  if (!isJsonObject(json)) return text;
  const inner = json.get("@doc");
  if (!isJsonObject(inner)) {
    const pruned = prune(json);
    return pruned === undefined ? undefined : printJson(pruned);
  }
  const pruned = prune(inner);
  return pruned === undefined ? undefined : printJson(new Map([["@doc", pruned]]));
}

/** What a name stands for at its place. */
type Use = "resource" | "role" | "source";
type IsThere = (reference: Json | undefined, as: Use) => boolean;
type Prune = (definition: JsonObject, isThere: IsThere) => JsonObject | undefined;

const PRUNERS: Partial<Record<DefinitionKind, Prune>> = {
  indexes: (index, there) => {
    const kept = filtered(index.get("source"), (each) => {
      const inner = isJsonObject(each) && !each.has("@ref") ? each : undefined;
      const source = inner === undefined ? each : (inner.get("collection") ?? inner.get("class"));
      return there(source, "source");
    });
    return kept === undefined ? undefined : replaced(index, "source", kept);
  },
  functions: (func, there) =>
    there(func.get("role"), "role") ? func : replaced(func, "role", undefined),
  roles: (role, there) => {
    const lives = (each: Json): boolean =>
      !isJsonObject(each) || there(each.get("resource"), "resource");
    const privileges = filtered(role.get("privileges"), lives) ?? [];
    const membership = filtered(role.get("membership"), lives);
    return replaced(replaced(role, "privileges", privileges), "membership", membership);
  },
  access_providers: (provider, there) => {
    const roles = filtered(provider.get("roles"), (each) =>
      there(isJsonObject(each) && each.has("role") ? each.get("role") : each, "role"),
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
  indexes: "index",
  functions: "function",
  roles: "role",
};

const FSL_KINDS: Readonly<Partial<Record<FslKind, string>>> = {
  collection: "collections",
  function: "functions",
  role: "roles",
};

const BUILT_IN_ROLES = new Set(["admin", "server", "server-readonly", "client"]);

/** The names that a database's definitions have. */
class Names {
  readonly #names: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(definitions: DefinitionsByKind, files: ReadonlyMap<string, string> = new Map()) {
    const items = [...files.values()].flatMap((content) => readFsl(content).items);
    this.#names = new Map(
      Object.keys(WORDS).map((kind) => {
        const own = items.filter((item) => FSL_KINDS[item.kind] === kind);
        const lines = definitions.get(kind as DefinitionKind) ?? [];
        return [kind, new Set([...lines.flatMap(namesOf), ...own.map(({ name }) => name.text)])];
      }),
    );
  }

  /** What a reference names that is not there, as `role clerk`; undefined when it is, or is no reference. */
  missing(reference: Json | undefined, as: Use): string | undefined {
    if (typeof reference === "string") return this.#missingName(reference, as);
    const inner = isJsonObject(reference) ? reference.get("@ref") : undefined;
    if (!isJsonObject(inner)) return undefined;
    // v10 writes `{"name":"clerk","coll":{"@mod":"Role"}}`.
    const named = inner.get("name");
    if (typeof named === "string") return as === "role" ? this.#missingName(named, as) : undefined;
    const id = inner.get("id");
    const kind = kindIn(inner.get("collection") ?? inner.get("class"));
    const word = kind === undefined ? undefined : WORDS[kind];
    if (typeof id !== "string" || word === undefined) return undefined;
    return this.#has(kind!, id) ? undefined : `${word} ${id}`;
  }

  #missingName(name: string, as: Use): string | undefined {
    if (as === "role") {
      return BUILT_IN_ROLES.has(name) || this.#has("roles", name) ? undefined : `role ${name}`;
    }
    // v10 has no names for indexes, `[legacy index byTitle]`: whether such a one is there, v4's form tells.
    if (as === "source" || isGlobalName(name) || name.startsWith("[")) return undefined;
    const isThere = this.#has("collections", name) || this.#has("functions", name);
    return isThere ? undefined : `resource ${name}`;
  }

  #has(kind: string, name: string): boolean {
    return this.#names.get(kind)?.has(name) === true;
  }
}

/** A definition's name, and the alias that it may have. */
function namesOf({ name, v4, v10 }: DefinitionLine): readonly string[] {
  const text = v4 ?? v10;
  if (text?.includes('"alias"') !== true) return [name];
  const json = parseJson(text);
  const document = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  const alias = isJsonObject(document) ? document.get("alias") : undefined;
  return typeof alias === "string" ? [name, alias] : [name];
}

/** `collections` of `{"@ref":{"id":"collections"}}`; what was `classes` once, too. */
function kindIn(reference: Json | undefined): string | undefined {
  const inner = isJsonObject(reference) ? reference.get("@ref") : undefined;
  const id = isJsonObject(inner) ? inner.get("id") : undefined;
  if (typeof id !== "string") return undefined;
  return id === "classes" ? "collections" : id;
}
