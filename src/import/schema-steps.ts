/** The steps that make the schema before the documents, as they need it, and those that finish it behind them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DefinitionKind, DefinitionLine } from "../archive/archive.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import { pushSchema, type SchemaFile } from "../fauna/fauna.ts";
import { isJsonObject, type Json, parseJson, printJson, printString } from "../values/json.ts";
import { ownSchemaVersion } from "./ownership.ts";
import type { Step, StepContext } from "./plan.ts";
import { type ImportSource, pastOf } from "./source.ts";
import { sameFiles, type SchemaStages } from "./stages.ts";
import {
  createV4Definition,
  hasMember,
  updateV4Definition,
  type V4Kind,
  waitForIndex,
} from "./v4-definitions.ts";

/** What comes before the documents. */
export function schemaSteps(source: ImportSource, stages: SchemaStages): Step[] {
  const { v4Collections, bare, granting, loading, living } = stages;
  const definitions = (kind: DefinitionKind): readonly DefinitionLine[] => living.get(kind) ?? [];
  const v4 = (kind: V4Kind): readonly DefinitionLine[] =>
    definitions(kind).filter(({ madeBy }) => madeBy === "v4");
  const functions = v4("functions");
  const withRole = functions.filter((definition) => hasMember(definition, "role"));
  const past = pastOf(source);
  const steps: Step[] = [];
  if (bare.length > 0) {
    steps.push(
      pushStep(
        "push the schema files",
        bare,
        "collections first: everything else names them; ttl_days waits, or documents would get a ttl counted from now",
      ),
      ...eachV4(
        "create the collection",
        "collections",
        definitions("collections").filter(({ name }) => v4Collections.has(name)),
        "schema files cannot make a collection of such a name, only hold one that is there",
        ["ttl_days"],
        past,
      ),
    );
  } else {
    steps.push(
      ...eachV4(
        "create the collection",
        "collections",
        definitions("collections"),
        "there are no schema files to push",
        ["ttl_days"],
        past,
      ),
    );
  }
  steps.push(
    ...eachV4(
      "create the v4 function",
      "functions",
      functions,
      "before what calls it; its role comes after the roles",
      ["role", "alias"],
    ),
    ...functions.flatMap(aliasStep),
    ...indexSteps(v4("indexes")),
    ...eachV4(
      "create the v4 role",
      "roles",
      v4("roles"),
      "after the collections, indexes and functions that it names",
    ),
  );
  if (!sameFiles(bare, granting)) {
    steps.push(
      pushStep(
        "push the schema files again",
        granting,
        "now with what names v4's functions, roles and collections",
      ),
    );
  }
  const v4Providers = eachV4(
    "create the v4 access provider",
    "access_providers",
    v4("access_providers"),
    // Files hold those with v4 roles, too, but without their predicates and data.
    "after its roles, and before files that hold a part of it",
  );
  steps.push(
    ...withRole.map((definition) =>
      updateStep(
        "give the v4 function its role",
        "functions",
        definition,
        ["role"],
        "roles and functions may name one another",
      ),
    ),
    ...v4Providers,
  );
  if (!sameFiles(granting, loading)) {
    steps.push(
      pushStep(
        "push the schema files with their access providers",
        loading,
        "now that v4's are there, which the files hold too",
      ),
    );
  }
  return [...steps, ...metadataSteps(source)];
}

/** What comes behind them. */
export function closingSteps(source: ImportSource, stages: SchemaStages): Step[] {
  const { loading, final } = stages;
  const reason = "now that the documents are there, ttl_days can no longer date them";
  if (final.length > 0) {
    return sameFiles(loading, final)
      ? []
      : [pushStep("push the schema files as they are", final, reason)];
  }
  const past = pastOf(source);
  return (source.definitions.get("collections") ?? []).flatMap((definition) => {
    const only = [
      ...(hasMember(definition, "ttl_days") ? ["ttl_days"] : []),
      // One that keeps its past for ever has no number; setting none would cut it (live 20).
      ...(past.has(definition.name) && hasMember(definition, "history_days")
        ? ["history_days"]
        : []),
    ];
    if (only.length === 0) return [];
    const title = `give the collection its ${only.join(" and ")}`;
    return [updateStep(title, "collections", definition, only, reason)];
  });
}

/** How often a push is tried while the server still answers from a schema it remembers (live 34, facts §6.8). */
const PUSHES = 5;

function pushStep(title: string, files: readonly SchemaFile[], reason: string): Step {
  return {
    title: `${title} (${files.length})`,
    reason,
    run: async ({ target, quietly, signal }) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await quietly(async () => {
            const version = await ownSchemaVersion(target, { isAgain: attempt > 1, signal });
            // The target was found empty, or holds nothing but this import: what is not in the files may go. Pushed once
            // more, it is refused by its version, and tried from the new one.
            await pushSchema(target, files, { override: true, version, idempotent: true, signal });
          });
        } catch (error) {
          if (!isArkError(error, "ERR_TRY_AGAIN") || attempt === PUSHES) throw explained(error);
          await sleep(1000 * attempt, undefined, { signal });
        }
      }
    },
  };
}

function explained(error: unknown): unknown {
  if (!isArkError(error, "ERR_SCHEMA") || error.hint !== undefined) return error;
  return new ArkError("ERR_SCHEMA", error.message, {
    place: error.place,
    cause: error,
    details: error.details,
    hint: "If the source database was not typechecked, let the target be neither: --create --typechecked false.",
  });
}

function eachV4(
  title: string,
  kind: V4Kind,
  definitions: readonly DefinitionLine[],
  reason: string,
  leaveOut: readonly string[] = [],
  past: ReadonlySet<string> = new Set(),
): Step[] {
  return definitions.map((definition) => ({
    title: `${title} ${definition.name}`,
    reason,
    run: ({ target, signal }) => {
      const room = past.has(definition.name);
      return createV4Definition(target, kind, definition, { leaveOut, room, signal });
    },
  }));
}

function indexSteps(indexes: readonly DefinitionLine[]): Step[] {
  const create = eachV4(
    "create the v4 index",
    "indexes",
    indexes,
    "before the documents: empty collections need no scan",
  );
  const wait = indexes.map(({ name }) => ({
    title: `wait for the v4 index ${name}`,
    reason: "an index over several collections is built in the background even when they are empty",
    run: ({ target, signal }: StepContext) => waitForIndex(target, name, signal),
  }));
  return [...create, ...wait];
}

function updateStep(
  title: string,
  kind: V4Kind,
  definition: DefinitionLine,
  only: readonly string[],
  reason: string,
): Step {
  return {
    title: `${title}: ${definition.name}`,
    reason,
    run: async ({ target, signal }) => {
      await updateV4Definition(target, kind, definition, { only, signal });
    },
  };
}

/** A v4 function may have been given an alias since, which only v10 gives (recording `v10-schema/alias`). */
function aliasStep({ name, v4 }: DefinitionLine): Step[] {
  const json = v4?.includes('"alias"') === true ? parseJson(v4) : undefined;
  const alias = isJsonObject(json) ? json.get("alias") : undefined;
  if (typeof alias !== "string") return [];
  return [
    {
      title: `give the v4 function ${name} its alias`,
      reason: "v4 cannot make one with it",
      run: async ({ target, signal }) => {
        await target.v10("Function.byName(name)!.update({ alias: alias })\nnull", {
          arguments: { name: printString(name), alias: printString(alias) },
          typecheck: false,
          idempotent: true,
          signal,
        });
      },
    },
  ];
}

const MODULES = {
  collections: "Collection",
  functions: "Function",
  roles: "Role",
  access_providers: "AccessProvider",
} as const;

/** Metadata (`data`) is the one part of a definition that schema files do not carry (facts §5.7). */
function metadataSteps(source: ImportSource): Step[] {
  if (source.files.size === 0) return [];
  return Object.entries(MODULES).flatMap(([kind, module]) =>
    (source.definitions.get(kind as DefinitionKind) ?? [])
      .filter(({ madeBy }) => madeBy === "v10" || kind === "collections")
      .map((definition) => ({ definition, data: metadata(definition) }))
      .filter(
        (each): each is { definition: DefinitionLine; data: string } => each.data !== undefined,
      )
      .map(({ definition: { name }, data }) => ({
        title: `set the metadata of ${module} ${name}`,
        reason: "schema files do not carry it",
        run: async ({ target, signal }: StepContext) => {
          await target.v10(setMetadata(module, data), {
            arguments: { name: printString(name), data },
            typecheck: false,
            idempotent: true,
            signal,
          });
        },
      })),
  );
}

/** What definitions are made of besides their `data`, where that can have nulls in arrays: a collection's cannot. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Function: ["name", "body", "alias", "role", "signature"],
  Role: ["name", "privileges", "membership"],
  AccessProvider: ["name", "issuer", "jwks_uri", "roles"],
};

/** An update strips nulls from arrays, a replacement keeps them (live 42). */
function setMetadata(module: string, data: string): string {
  const members = MEMBERS[module];
  if (members === undefined || !hasNullInArray(parseJson(data)))
    return `${module}.byName(name)!.update({ data: data })`;
  const same = members.map((member) => `${member}: d.${member}`).join(", ");
  return `let d = ${module}.byName(name)!; d.replace({ ${same}, data: data })`;
}

/** Of a value with the tags of v10, whose members may have any name; `holdsNullInArray` reads those of v4. */
function hasNullInArray(json: Json): boolean {
  if (Array.isArray(json)) return json.some((item) => item === null || hasNullInArray(item));
  return isJsonObject(json) && [...json.values()].some(hasNullInArray);
}

function metadata({ v10 }: DefinitionLine): string | undefined {
  const json = v10 === undefined ? undefined : parseJson(v10);
  const document = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  const data = isJsonObject(document) ? document.get("data") : undefined;
  return data === undefined || data === null ? undefined : printJson(data);
}
