/**
 * The schema at a past time that it has been changed since. Definitions keep all their history (facts §4), so both
 * protocols show them as they were; schema files exist only as they are now, and are made anew from the definitions.
 *
 * What is in the definitions goes by the names of then; what refers to them is printed with the names of now (live 33),
 * and is put back into those of then.
 */
import { ArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  type SchemaFile,
  snapshotTime,
} from "../fauna/fauna.ts";
import { rebuildSchema } from "../fsl/fsl.ts";
import { isJsonObject, type Json, parseJson, printString } from "../values/json.ts";
import { Time } from "../values/time.ts";
import { type CollectionAtSnapshot, notThereAt, settings, shape } from "./collections.ts";
import { Renames } from "./renames.ts";

/** What the past of a schema lacks. */
export interface Past {
  /** Whether its files had to be made from definitions. */
  readonly rebuilt: boolean;
  /** Definitions, as `kind name`, that the schema files could not say. */
  readonly left: readonly string[];
  /** Collections deleted since: their definitions are there, their documents can no longer be listed. */
  readonly gone: readonly string[];
  readonly renames: Renames;
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** Where schema files that are made from definitions go, as the server's own do. */
const FILE = "main.fsl";

/**
 * @param options.files the schema files of that time, where they are known.
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when names of then and now cannot be told apart.
 */
export async function readPast(
  connection: Connection,
  at: bigint,
  { files, signal, timeoutMs }: Options & { readonly files: readonly SchemaFile[] | undefined },
): Promise<{
  readonly files: readonly SchemaFile[];
  readonly definitions: readonly Definition[];
  readonly collections: readonly CollectionAtSnapshot[];
  readonly past: Past;
}> {
  const paired = inPairs(await allDefinitions(connection, { at, signal, timeoutMs }));
  const renames = Renames.of(
    paired.map(({ kind, name, nameNow }) => ({ kind, was: name, now: nameNow })),
    connection.place,
  );
  const definitions = paired.map(({ nameNow, ...definition }) =>
    asOfThen(definition, nameNow, renames),
  );
  const collections = paired.flatMap(({ kind, nameNow }, index) =>
    kind === "collections" ? [{ ...settings(definitions[index]!), nameNow }] : [],
  );
  const namesNow = collections.map(({ nameNow }) => nameNow);
  const missing = await missingNow(connection, namesNow, at, { signal, timeoutMs });
  const there = collections.filter(({ nameNow }) => !missing.has(nameNow));
  const rebuilt = files === undefined ? rebuild(definitions, at) : { files, left: [] };
  return {
    files: rebuilt.files,
    definitions,
    collections: there.map(({ nameNow, ...each }) =>
      nameNow === each.name ? each : { ...each, nameNow },
    ),
    past: {
      rebuilt: files === undefined,
      left: rebuilt.left,
      gone: collections.filter(({ nameNow }) => missing.has(nameNow)).map(({ name }) => name),
      renames,
    },
  };
}

function rebuild(
  definitions: readonly Definition[],
  at: bigint,
): { readonly files: readonly SchemaFile[]; readonly left: readonly string[] } {
  const { text, left } = rebuildSchema(definitions, [
    `Made by fauna-ark from the definitions of ${Time.fromMicros(at).toString()}: schema files cannot be read as they were.`,
    "Comments, layout and the division into files are lost.",
  ]);
  return { files: text === "" ? [] : [{ filename: FILE, content: text }], left };
}

/** @throws ArkError ERR_SNAPSHOT_EXPIRED naming collections whose documents no longer show as they were. */
export async function refuseMigrated(
  connection: Connection,
  { at, chosen }: { readonly at: bigint; readonly chosen: readonly CollectionAtSnapshot[] },
  { signal, timeoutMs }: Options,
): Promise<void> {
  const time = await snapshotTime(connection, { signal });
  const kinds = ["collections"] as const;
  const now = await allDefinitions(connection, { at: time, signal, timeoutMs, kinds });
  const shapes = new Map(now.map((definition) => [definition.name, definition]));
  const migrated = chosen.filter(({ name, nameNow = name, definition }) => {
    const current = shapes.get(nameNow);
    // A definition that only one protocol shows has no migrations to compare.
    if (definition.v10 === undefined || current?.v10 === undefined) return false;
    return shape(current) !== shape(definition);
  });
  if (migrated.length === 0) return;
  const names = migrated.map(({ name }) => name);
  throw new ArkError(
    "ERR_SNAPSHOT_EXPIRED",
    `Documents of ${names.join(", ")} cannot be read as they were at ${Time.fromMicros(at).toString()}: a migration of later is applied to whatever is read.`,
    {
      place: connection.place,
      hint: `Choose a time after the migration, or leave these collections out: ${names.map((name) => `--exclude ${printString(name)}`).join(" ")}.`,
      details: { collections: names },
    },
  );
}

interface Paired extends Definition {
  /** What it is called by now, or was last. */
  readonly nameNow: string;
}

/**
 * Both protocols' texts of each definition. v4 prints the name of then in a definition and that of now in its ref; v10
 * may print either, so that texts of the same name can be of two definitions.
 */
function inPairs(definitions: readonly Definition[]): Paired[] {
  const kinds = [...new Set(definitions.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const all = definitions.filter((each) => each.kind === kind);
    const named = all.map((each) => ({ ...each, nameNow: nameInRef(each.v4) ?? each.name }));
    if (named.every(({ name, nameNow }) => name === nameNow)) return named;
    const v10 = new Map(all.flatMap(({ name, v10: text }) => (text ? [[name, text]] : [])));
    const v4 = named.filter((each) => each.v4 !== undefined);
    const isByNow = v4.every(({ nameNow }) => v10.has(nameNow));
    return v4.map((each) => ({ ...each, v10: v10.get(isByNow ? each.nameNow : each.name) }));
  });
}

function nameInRef(v4: string | undefined): string | undefined {
  if (v4 === undefined) return undefined;
  let json: Json | undefined = parseJson(v4);
  for (const name of ["ref", "@ref", "id"]) json = isJsonObject(json) ? json.get(name) : undefined;
  return typeof json === "string" ? json : undefined;
}

function asOfThen(definition: Definition, nameNow: string, renames: Renames): Definition {
  const { name, v4, v10 } = definition;
  const own = (text: string) =>
    nameNow === name
      ? text
      : text.replace(`"name":${printString(nameNow)}`, () => `"name":${printString(name)}`);
  return {
    ...definition,
    v4: v4 === undefined ? undefined : renames.undo(v4),
    v10: v10 === undefined ? undefined : own(v10),
  };
}

/** Collections of then that are no more, or whose name is another collection's by now. */
async function missingNow(
  connection: Connection,
  names: readonly string[],
  at: bigint,
  { signal, timeoutMs }: Options,
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const time = await snapshotTime(connection, { signal });
  const kinds = ["collections"] as const;
  const now = await allDefinitions(connection, { at: time, signal, timeoutMs, kinds });
  const known = new Set(now.map(({ name }) => name));
  const others = await notThereAt(connection, names, at, { signal, timeoutMs });
  return new Set(names.filter((name) => !known.has(name) || others.has(name)));
}
