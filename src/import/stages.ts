/**
 * The schema files in the states in which an import pushes them.
 *
 * 1. `bare`: without what needs v4-made definitions, which cannot be there before their collections are, and
 *    without `ttl_days`, which would give every imported document a ttl counted from now (live 21, facts §5.1), and
 *    with room for the past where there is any: only a collection that is born with it keeps it (live 19).
 * 2. `granting`: with all roles, but without access providers that v4 made, of which files hold only a part: pushed
 *    first, they would be v10's.
 * 3. `loading`: everything but `ttl_days`, and `history_days` where the past is restored.
 * 4. `final`: the files as they are, but for what they name in vain. A role of v4 that named nothing else has no place
 *    in them; made anew it names nothing, and such a role a push would delete that does not hold it.
 */
import { emptiedRoles, filesWithoutLost, withoutLostReferences } from "../archive/archive.ts";
import {
  addMember,
  appendItem,
  editAll,
  editDays,
  type FslFile,
  type FslItem,
  isGlobalName,
  isIdentifier,
  isKeyword,
  MOST_DAYS,
  parseFsl,
  printName,
  removeAnnotation,
  removeItem,
  removeMember,
  replaceMember,
} from "../fsl/fsl.ts";
import type { DefinitionKind, SchemaFile } from "../fauna/fauna.ts";
import { isJsonObject, JsonNumber, parseJson } from "../values/json.ts";
import { parseLong } from "../values/long.ts";
import { type ImportSource, pastOf } from "./source.ts";

export interface SchemaStages {
  /** Definitions without what they name in vain: Fauna takes none that does, though it may have made one. */
  readonly living: ImportSource["definitions"];
  /** Collections that the first push leaves out because only v4 can create them. */
  readonly v4Collections: ReadonlySet<string>;
  readonly bare: readonly SchemaFile[];
  readonly granting: readonly SchemaFile[];
  readonly loading: readonly SchemaFile[];
  readonly final: readonly SchemaFile[];
}

type Edit = (file: FslFile) => string | undefined;

/**
 * @param existing collections that an earlier attempt has made: a push that left them out would delete them.
 * @throws ArkError ERR_SCHEMA with file, line and column when a file is not FSL.
 */
export function schemaStages(
  source: ImportSource,
  existing: ReadonlySet<string> = new Set(),
): SchemaStages {
  const { definitions } = source;
  const alive = withoutLostReferences(definitions);
  const emptied = new Set(emptiedRoles(alive));
  // Fauna takes no file that names what is not there, though it may have made one.
  const files = [...filesWithoutLost(source.files, definitions)].map(([filename, content]) => ({
    filename,
    content,
  }));
  const final = withRoles(files, emptied).map((file) => edited(file, withDaysOf(definitions)));
  const past = pastOf(source);
  const loading = final
    .map((file) => edited(file, withoutTtlDays))
    .map((file) => edited(file, withRoom(past)));
  const missing = missingNames(source, loading, existing);
  const v4Providers = new Set(v4Names(source, "access_providers"));
  const granting = loading.map((file) => edited(file, withoutProviders(v4Providers)));
  const bare = granting.map((file) => edited(file, without(missing, emptied)));
  const { collections: v4Collections } = missing;
  return { living: alive.definitions, v4Collections, bare, granting, loading, final };
}

/** Where Fauna itself writes what was not made by a file. */
const MAIN_FILE = "main.fsl";

/** Files with the roles that none of them holds, without privileges. Where there are no files, v4 makes all there is. */
function withRoles(files: readonly SchemaFile[], names: ReadonlySet<string>): SchemaFile[] {
  const roles = files.flatMap(({ filename, content }) =>
    parseFsl(content, filename).items.filter(({ kind }) => kind === "role"),
  );
  const held = new Set(roles.map(({ name }) => name.text));
  const added = [...names].filter((name) => !held.has(name));
  if (files.length === 0 || added.length === 0) return [...files];
  const main = files.find(({ filename }) => filename === MAIN_FILE);
  const content = added.reduce(
    (text, name) => appendItem(text, `role ${printName(name)} {\n}\n`),
    main?.content ?? "",
  );
  const others = files.filter((file) => file !== main);
  return [...others, { filename: MAIN_FILE, content }];
}

/** Whether two states are the same, so that the second need not be pushed. */
export function sameFiles(a: readonly SchemaFile[], b: readonly SchemaFile[]): boolean {
  return a.length === b.length && a.every(({ content }, index) => content === b[index]!.content);
}

function edited({ filename, content }: SchemaFile, edit: Edit): SchemaFile {
  return { filename, content: editAll(content, filename, edit) };
}

const withoutTtlDays: Edit = (file) => {
  for (const item of file.items) {
    if (item.kind !== "collection") continue;
    const member = item.members.find(({ kind }) => kind === "ttl_days");
    if (member !== undefined) return removeMember(file, member);
  }
  return undefined;
};

/** Gives collections that have more days than files say (live 46) what their definitions have. */
function withDaysOf(definitions: ImportSource["definitions"]): Edit {
  const collections = new Map(
    (definitions.get("collections") ?? []).map(({ name, v4 }) => [name, v4] as const),
  );
  return (file) =>
    editDays(file, (name, member, days) => {
      if (days !== MOST_DAYS) return days;
      const defined = parseJson(collections.get(name) ?? "null");
      const exact = isJsonObject(defined) ? defined.get(member) : undefined;
      return exact instanceof JsonNumber ? parseLong(exact.text) : days;
    });
}

/** More than there will ever be: the largest number that FSL takes. */
const ROOM = 2n ** 63n - 1n;

/** Gives collections a window that reaches back as far as time does. */
function withRoom(collections: ReadonlySet<string>): Edit {
  return (file) => {
    for (const item of file.items) {
      if (item.kind !== "collection" || !collections.has(item.name.text)) continue;
      const member = item.members.find((each) => each.kind === "history_days");
      const { span } = item;
      const room = { kind: "history_days", days: ROOM, span } as const;
      if (member === undefined) return addMember(file, item, room);
      if (member.kind === "history_days" && member.days !== ROOM)
        return replaceMember(file, member, room);
    }
    return undefined;
  };
}

interface Missing {
  /** Collections that only v4 can make. */
  readonly collections: ReadonlySet<string>;
  /** Functions and collections that only v4 can make. */
  readonly resources: ReadonlySet<string>;
  /** Roles that only v4 can make, or that are left out themselves. */
  readonly roles: ReadonlySet<string>;
}

/**
 * Whether only v4 can create a collection of this name: `audit-log`, or `Time`. Once it is there, schema files may
 * hold it, its name in quotes (recordings `fsl/v4-schema-in-fsl`, `v10-schema/alias`).
 */
export function needsV4(name: string): boolean {
  return !isIdentifier(name) || isKeyword(name) || isGlobalName(name) || name === "_";
}

function v4Names({ definitions }: ImportSource, kind: DefinitionKind): string[] {
  const made = (definitions.get(kind) ?? []).filter(({ madeBy }) => madeBy === "v4");
  return made.map(({ name }) => name);
}

function withoutProviders(names: ReadonlySet<string>): Edit {
  return (file) => {
    const item = file.items.find(
      ({ kind, name }) => kind === "access provider" && names.has(name.text),
    );
    return item === undefined ? undefined : removeItem(file, item);
  };
}

/** What the first push cannot name: v4-made collections, functions and roles, and the roles that name those. */
function missingNames(
  source: ImportSource,
  files: readonly SchemaFile[],
  existing: ReadonlySet<string>,
): Missing {
  const collections = new Set<string>();
  for (const { filename, content } of files) {
    for (const { kind, name } of parseFsl(content, filename).items) {
      const isMissing = kind === "collection" && needsV4(name.text) && !existing.has(name.text);
      if (isMissing) collections.add(name.text);
    }
  }
  const resources = new Set([...v4Names(source, "functions"), ...collections]);
  const roles = new Set(v4Names(source, "roles"));
  for (const { filename, content } of files) {
    for (const item of parseFsl(content, filename).items) {
      if (item.kind === "role" && namesAny(item, resources)) roles.add(item.name.text);
    }
  }
  return { collections, resources, roles };
}

function namesAny(item: FslItem & { kind: "role" }, resources: ReadonlySet<string>): boolean {
  return item.members.some(({ resource }) => resources.has(resource.text));
}

function without({ collections, resources, roles }: Missing, emptied: ReadonlySet<string>): Edit {
  return (file) => {
    for (const item of file.items) {
      if (item.kind === "collection" && collections.has(item.name.text)) {
        return removeItem(file, item);
      }
      if (item.kind === "role" && (emptied.has(item.name.text) || namesAny(item, resources))) {
        return removeItem(file, item);
      }
      if (item.kind === "access provider") {
        const needs = item.members.some(
          (member) => member.kind === "role" && roles.has(member.role.text),
        );
        if (needs) return removeItem(file, item);
      }
      const role = item.annotations.find(({ keyword }) => keyword === "role");
      if (role !== undefined && roles.has(role.value.text))
        return removeAnnotation(file, item, "role");
    }
    return undefined;
  };
}
