/**
 * The moment and the schema at that moment. The schema files have no time of their own: they are read
 * before and after the moment is picked, and count only if nothing changed in between (DESIGN §6).
 */
import { ArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  type SchemaFile,
  schemaFiles,
  snapshotTime,
  stagedStatus,
  type StagedStatus,
} from "../fauna/fauna.ts";
import { Time } from "../values/time.ts";
import { type CollectionAtSnapshot, notThereAt, settings, shape } from "./collections.ts";
import { type Past, readPast } from "./past.ts";
import { type InForce, inForce } from "./staged.ts";

export type { CollectionAtSnapshot } from "./collections.ts";

export interface SchemaSnapshot {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly files: readonly SchemaFile[];
  /** Files of a schema that is staged and not in force; none when nothing is staged. */
  readonly staged: readonly SchemaFile[];
  readonly stagedStatus: StagedStatus;
  readonly definitions: readonly Definition[];
  readonly collections: readonly CollectionAtSnapshot[];
  /** What has become of the schema since, when the moment is one of the past. */
  readonly past?: Past | undefined;
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** How often a moment is looked for while somebody keeps changing the schema. */
const TRIES = 8;

/** Which moment is wanted. */
export interface Moment {
  /** The moment, in microseconds, when it is not to be picked anew. */
  readonly asOf?: bigint | undefined;
  /** Whether `asOf` may be of another schema: its files are then made from the definitions of that time. */
  readonly isPast?: boolean | undefined;
}

/**
 * @throws ArkError ERR_TRY_AGAIN when the schema never holds still, or has changed since an `asOf` that may not be
 * past; what `readPast` throws.
 */
export async function readSchema(
  connection: Connection,
  { signal, timeoutMs, asOf, isPast = false }: Options & Moment,
): Promise<SchemaSnapshot> {
  for (let tries = 1; tries <= TRIES; tries++) {
    signal.throwIfAborted();
    const { version, files } = await schemaFiles(connection, { signal });
    const { status } = await stagedStatus(connection, { signal });
    if (asOf !== undefined && version > asOf) {
      if (!isPast) throw changedSince(connection, asOf);
      if (status !== "none") throw stagedSince(connection, asOf);
    }
    if (asOf !== undefined && isPast && status === "none") {
      // Of a schema that has not changed since, the files of now are those of then.
      const known = version > asOf ? undefined : files;
      const read = await readPast(connection, asOf, { files: known, signal, timeoutMs });
      const after = await schemaFiles(connection, { signal });
      if (after.version !== version) continue;
      return { at: asOf, ...read, staged: [], stagedStatus: "none" };
    }
    const staged =
      status === "none" ? [] : (await schemaFiles(connection, { signal, staged: true })).files;
    const at = asOf ?? (await snapshotTime(connection, { signal }));
    const shown = await allDefinitions(connection, { at, signal, timeoutMs });
    const { definitions, hidden } =
      status === "none" ? { definitions: shown, hidden: [] } : inForce(shown, files);
    const after = await schemaFiles(connection, { signal });
    if (after.version === version && version <= at) {
      await refuseHidden(connection, hidden, at, { signal, timeoutMs });
      const unseen = new Map(hidden.map((each) => [each.definition, each]));
      const collections = definitions
        .filter(({ kind }) => kind === "collections")
        .map((each) => {
          const found = unseen.get(each);
          return found === undefined ? settings(each) : { name: each.name, ...found };
        });
      return { at, files, staged, stagedStatus: status, definitions, collections };
    }
  }
  throw new ArkError("ERR_TRY_AGAIN", "The schema kept changing while it was read.", {
    place: connection.place,
    hint: "Try again when nobody is editing the schema.",
  });
}

/** While a schema is staged, definitions show partly that one and partly the one in force (live 29). */
function stagedSince({ place }: Connection, asOf: bigint): ArkError {
  return new ArkError(
    "ERR_USAGE",
    `A schema was staged after ${Time.fromMicros(asOf).toString()}; while it is, definitions of before cannot be told from staged ones.`,
    { place, hint: "Commit or abandon the staged schema, then export the past." },
  );
}

/** Documents of a collection that the staged schema takes away must not be missed in silence. */
async function refuseHidden(
  connection: Connection,
  hidden: InForce["hidden"],
  at: bigint,
  options: Options,
): Promise<void> {
  if (hidden.length === 0) return;
  const names = hidden.map(({ definition }) => definition.name);
  const unreadable = [...(await notThereAt(connection, names, at, options))];
  if (unreadable.length === 0) return;
  throw new ArkError(
    "ERR_TRY_AGAIN",
    `The staged schema takes away or renames ${unreadable.join(", ")}, whose documents cannot be read while it is staged.`,
    {
      place: connection.place,
      hint: "Commit or abandon the staged schema, then export.",
      details: { collections: unreadable },
    },
  );
}

/** Schema files cannot be read at a past time. */
function changedSince({ place }: Connection, asOf: bigint): ArkError {
  return new ArkError(
    "ERR_TRY_AGAIN",
    `The schema was changed after ${Time.fromMicros(asOf).toString()}, and its files cannot be read as they were.`,
    { place, hint: "Begin again, at a new moment." },
  );
}

/**
 * Makes sure that what was read at `snapshot.at` was read in the shape it had then: reads go through a
 * collection's newest migrations (facts §6.7), and stop when it is gone. Of one that was deleted and made again
 * they see nothing (live 40), which is no error of theirs.
 *
 * @throws ArkError ERR_TRY_AGAIN naming the collections that were changed so.
 */
export async function checkSchemaHeld(
  connection: Connection,
  snapshot: SchemaSnapshot,
  names: ReadonlySet<string>,
  { signal, timeoutMs }: Options,
): Promise<void> {
  const at = await snapshotTime(connection, { signal });
  const now = await allDefinitions(connection, { at, signal, timeoutMs, kinds: ["collections"] });
  const shapes = new Map(now.map((definition) => [definition.name, shape(definition)]));
  const read = snapshot.collections
    .filter(({ name }) => names.has(name))
    .map(({ name, nameNow = name, definition }) => ({ name, nameNow, definition }));
  const namesNow = read.map(({ nameNow }) => nameNow);
  const replaced = await notThereAt(connection, namesNow, snapshot.at, { signal, timeoutMs });
  const changed = read
    .filter(
      ({ nameNow, definition }) =>
        replaced.has(nameNow) || shapes.get(nameNow) !== shape(definition),
    )
    .map(({ name }) => name);
  if (changed.length === 0) return;
  throw new ArkError(
    "ERR_TRY_AGAIN",
    `The schema of ${changed.join(", ")} was migrated, deleted or made anew while its documents were read.`,
    {
      place: connection.place,
      hint: "Begin again: documents cannot be read in the shape they had before a migration.",
      details: { collections: changed },
    },
  );
}
