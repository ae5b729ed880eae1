/**
 * Keeps the history window open for as long as an export takes: raises `history_days` before the moment is picked, and
 * puts them back when the last document has been read, or whatever else ends the export.
 *
 *     read the schema as it is, which is what the archive will hold
 *     make sure that what is raised can be put back
 *     write down what was                                   (the journal, durable before anything is changed)
 *     raise
 *     pick the moment, and see that nothing but history_days has changed
 *     …
 *     put back, remove the journal
 *
 * Whoever is killed in between leaves the journal: the next export to the same place puts back what it says, and so does
 * {@link restoreHistory}.
 */
import {
  ArchiveLock,
  isLockFile,
  type RaisedCollection,
  type RaisedHistory,
  readRaisedHistory,
  removeRaisedHistory,
  writeRaisedHistory,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  identity,
  scoped,
  snapshotTime,
  stagedStatus,
} from "../fauna/fauna.ts";
import { openStore, type Store } from "../store/store.ts";
import { type CollectionAtSnapshot, settings } from "./collections.ts";
import { changeHistoryDays, requireChangeable } from "./history-days.ts";
import { restoreLayout } from "./schema-layout.ts";
import { requireSameBut } from "./schema-same.ts";
import { type DatabaseAtSnapshot, readTree } from "./tree.ts";

type Tree = readonly [DatabaseAtSnapshot, ...DatabaseAtSnapshot[]];

interface Options {
  readonly source: Connection;
  readonly store: Store;
  readonly recursive: boolean;
  /** Days that history is to be kept for, at least; undefined leaves all as it is. */
  readonly extendHistory: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onNotice: (text: string) => void;
  readonly now: () => Date;
}

/** Putting back must not be given up because the export was: it has a deadline of its own. */
const PUT_BACK_MS = 60_000;

/** What putting back has done. Its form is part of the `--json` contract. */
export interface RestoredHistory {
  /** When the export began that raised them. */
  readonly started: string;
  /** Collections that have the `history_days` again that they had. */
  readonly restored: readonly RestoredCollection[];
  /** Collections that somebody else has changed or deleted since, and that were left alone. */
  readonly left: readonly RestoredCollection[];
}

export interface RestoredCollection {
  /** The database's path below the exported one, `parent/child`; "" for itself. */
  readonly database: string;
  readonly name: string;
  readonly historyDays: number;
}

/** The part of an export that has to do with the history window: nothing at all, unless that was asked for. */
export class HistoryExtension {
  readonly #options: Options;
  readonly #lock: ArchiveLock;
  /** The databases as they were, while anything is raised. */
  #raised: Tree | undefined;
  #left: unknown;

  /** @param lock that of the place, taken before anything is raised. */
  constructor(options: Options, lock: ArchiveLock) {
    this.#options = options;
    this.#lock = lock;
  }

  /** Puts back what an export that was killed in this place has left raised. @throws as {@link restoreHistory}. */
  async healEarlier(): Promise<void> {
    const { source, store, timeoutMs } = this.#options;
    const restored = await restoreUnderLock(store, source, { timeoutMs, lock: this.#lock });
    if (restored !== undefined) this.#options.onNotice(restoredText(restored));
  }

  /**
   * Raises `history_days` where there are less than so many days.
   *
   * @param read the databases, as the archive is to hold them.
   * @param asOf the past moment that they were read at, which stays; without it a new one is picked.
   * @returns the same, at a moment that will be kept.
   * @throws ArkError ERR_USAGE for a protected database or a staged schema; ERR_TARGET_NOT_EMPTY for a place that holds
   * anything; ERR_TRY_AGAIN when somebody changed the schema meanwhile.
   */
  async begin(
    read: Tree,
    chosen: ReadonlyMap<DatabaseAtSnapshot, readonly CollectionAtSnapshot[]>,
    asOf: bigint | undefined,
  ): Promise<Tree> {
    const { source, store, recursive, extendHistory: days, signal, timeoutMs } = this.#options;
    if (days === undefined) return read;
    const collections: RaisedCollection[] = [];
    for (const each of read) {
      const wanted = chosen.get(each) ?? [];
      const now =
        asOf === undefined ? wanted : await asTheyAre(each, wanted, { signal, timeoutMs });
      collections.push(...toRaise(each, now, days));
    }
    if (collections.length === 0) return read;
    await refuseOccupied(store);
    await this.#lock.take();
    // Another run may have come and gone meanwhile.
    await refuseOccupied(store);
    for (const { path, connection } of read) {
      const first = collections.find((each) => isOf(each, path));
      if (first === undefined) continue;
      await requireChangeable(connection, first, { signal, timeoutMs });
    }
    await writeRaisedHistory(store, {
      started: this.#options.now().toISOString(),
      source: { endpoint: source.endpoint, database: source.path, globalId: read[0].globalId },
      collections,
    });
    this.#raised = read;
    for (const each of collections) {
      const { connection } = read.find(({ path }) => isOf(each, path))!;
      await raise(connection, each, { signal, timeoutMs });
    }
    if (asOf !== undefined) return read;
    const later = await readTree(source, { recursive, signal, timeoutMs });
    requireSameBut(read, later, collections);
    const { at } = later[0].schema;
    const [top, ...below] = read.map((each) => ({ ...each, schema: { ...each.schema, at } }));
    return [top!, ...below];
  }

  /**
   * Puts back what was raised, and the schema files byte for byte; that it could not be done is told by
   * {@link complain}.
   */
  async putBack(): Promise<void> {
    const raised = this.#raised;
    if (raised === undefined) return;
    this.#raised = undefined;
    const { source, store, timeoutMs, onNotice } = this.#options;
    try {
      const restored = await restoreIn(store, source, timeoutMs);
      if (restored === undefined) return;
      onNotice(restoredText(restored));
      const anew = await layOut(raised, restored, timeoutMs).catch(textOf);
      if (typeof anew === "string") onNotice(`Schema files may be laid out anew: ${anew}`);
      else if (anew.length > 0)
        onNotice(`These schema files are laid out anew: ${anew.join(", ")}.`);
    } catch (error) {
      this.#left = error;
      onNotice(`${leftText(error)} ${this.#remedy}`);
    }
  }

  /** @throws ArkError ERR_INCOMPLETE when something is still raised. */
  complain(): void {
    if (this.#left === undefined) return;
    throw new ArkError("ERR_INCOMPLETE", `The archive is complete. ${leftText(this.#left)}`, {
      place: this.#options.source.place,
      cause: this.#left,
      hint: this.#remedy,
    });
  }

  get #remedy(): string {
    return `Put them back when it can be done: fauna-ark export ${this.#options.store.place} --restore-history`;
  }
}

/** Lays schema files out as they were. @returns those for which that could not be done. */
async function layOut(
  read: Tree,
  { restored }: RestoredHistory,
  timeoutMs: number | undefined,
): Promise<string[]> {
  const options = { signal: AbortSignal.timeout(PUT_BACK_MS), timeoutMs };
  const others: string[] = [];
  for (const { path, connection, schema } of read) {
    const where = path.join("/");
    const names = restored.filter(({ database }) => database === where).map(({ name }) => name);
    // Files that were made from the definitions of a past moment are none of the database's own.
    if (names.length === 0 || schema.past?.rebuilt === true) continue;
    const anew = await restoreLayout(connection, schema.files, new Set(names), options);
    others.push(...anew.map((name) => [...path, name].join("/")));
  }
  return others;
}

function leftText(error: unknown): string {
  return `history_days could not be put back: ${textOf(error)}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function named(all: readonly RestoredCollection[]): string {
  return all
    .map(({ database, name }) => (database === "" ? name : `${database}/${name}`))
    .join(", ");
}

/** What was put back, for people. */
export function restoredText({ started, restored, left }: RestoredHistory): string {
  const others =
    left.length === 0 ? "" : ` Left alone, for they were changed or deleted since: ${named(left)}.`;
  return `history_days, raised for the export begun ${started}, are what they were again: ${named(restored) || "of none"}.${others}`;
}

export interface RestoreHistoryOptions {
  /** The database that was exported, opened with an admin secret. */
  readonly source: Connection;
  /** Where the export was writing to. */
  readonly archive: Store | string;
  readonly timeoutMs?: number | undefined;
}

/**
 * Puts back the `history_days` that an export with `extendHistory` raised and was killed before it put back.
 *
 * @returns undefined when there is nothing to put back.
 * @throws ArkError ERR_BUSY when the export is still running; ERR_USAGE when it was of another database, or a schema is
 * staged now; what connection and store throw. Then nothing is forgotten: it can be called again.
 */
export async function restoreHistory({
  source,
  archive,
  timeoutMs,
}: RestoreHistoryOptions): Promise<RestoredHistory | undefined> {
  const store = typeof archive === "string" ? openStore(archive) : archive;
  const lock = new ArchiveLock(store);
  try {
    await lock.requireNoOther();
    return await restoreUnderLock(store, source, { timeoutMs, lock });
  } finally {
    await lock.release();
  }
}

/** Puts back what an export raised that is over: the lock is taken first where there is anything. */
async function restoreUnderLock(
  store: Store,
  source: Connection,
  { timeoutMs, lock }: { readonly timeoutMs: number | undefined; readonly lock: ArchiveLock },
): Promise<RestoredHistory | undefined> {
  if ((await readRaisedHistory(store)) === undefined) return undefined;
  await lock.take();
  return await restoreIn(store, source, timeoutMs);
}

/** As {@link restoreHistory}, for the run that has the lock. */
async function restoreIn(
  store: Store,
  source: Connection,
  timeoutMs: number | undefined,
): Promise<RestoredHistory | undefined> {
  const journal = await readRaisedHistory(store);
  if (journal === undefined) return undefined;
  const options = { signal: AbortSignal.timeout(PUT_BACK_MS), timeoutMs };
  await requireSource(source, journal, store, options.signal);
  const restored: RestoredCollection[] = [];
  const left: RestoredCollection[] = [];
  for (const each of journal.collections) {
    const connection = await within(source, each.database, options.signal);
    const { name, database, was, raised } = each;
    if (connection !== undefined) await requireUnstaged(connection, options.signal);
    const change =
      connection === undefined
        ? "gone"
        : await changeHistoryDays(connection, { ...each, from: raised, to: was }, options);
    const done = change === "set" || change === "there" ? restored : left;
    done.push({ database: database.join("/"), name, historyDays: was });
  }
  await removeRaisedHistory(store);
  return { started: journal.started, restored, left };
}

/** Collections of a past moment with the settings that they have by now. */
async function asTheyAre(
  { connection }: DatabaseAtSnapshot,
  collections: readonly CollectionAtSnapshot[],
  { signal, timeoutMs }: Pick<Options, "signal" | "timeoutMs">,
): Promise<CollectionAtSnapshot[]> {
  const at = await snapshotTime(connection, { signal });
  const kinds = ["collections"] as const;
  const now = await allDefinitions(connection, { at, signal, timeoutMs, kinds });
  const names = new Set(collections.map(({ name, nameNow = name }) => nameNow));
  return now.filter(({ name }) => names.has(name)).map(settings);
}

function toRaise(
  { path }: DatabaseAtSnapshot,
  chosen: readonly CollectionAtSnapshot[],
  days: number,
): RaisedCollection[] {
  return chosen.flatMap(({ name, nameNow = name, historyDays, definition: { madeBy } }) =>
    historyDays === null || historyDays >= days
      ? []
      : [{ database: [...path], name: nameNow, madeBy, was: historyDays, raised: days }],
  );
}

function isOf({ database }: RaisedCollection, path: readonly string[]): boolean {
  return JSON.stringify(database) === JSON.stringify(path);
}

async function raise(
  connection: Connection,
  { name, madeBy, was, raised }: RaisedCollection,
  options: Pick<Options, "signal" | "timeoutMs">,
): Promise<void> {
  const change = { name, madeBy, from: was, to: raised };
  const done = await changeHistoryDays(connection, change, options);
  if (done === "set" || done === "there") return;
  throw new ArkError("ERR_TRY_AGAIN", `Somebody has changed ${name} meanwhile.`, {
    place: connection.place,
    hint: "Begin again when nobody is editing the schema.",
  });
}

async function refuseOccupied(store: Store): Promise<void> {
  for await (const { name } of store.list()) {
    if (isLockFile(name)) continue;
    throw new ArkError("ERR_TARGET_NOT_EMPTY", `the place is not empty: it holds ${name}`, {
      place: store.place,
      hint: "Choose a place that is empty or does not exist; nothing was changed.",
      details: { unfinished: false },
    });
  }
}

async function requireSource(
  source: Connection,
  { source: raised }: RaisedHistory,
  store: Store,
  signal: AbortSignal,
): Promise<void> {
  const { globalId } = await identity(source, { signal });
  if (globalId === raised.globalId) return;
  const where = `${raised.endpoint}${raised.database === "" ? "" : ` database ${raised.database}`}`;
  throw new ArkError(
    "ERR_USAGE",
    `An export of another database (${where}) was killed here while its history_days were raised.`,
    {
      place: store.place,
      hint: "Put those back first, with that database: fauna-ark export … --restore-history",
    },
  );
}

async function requireUnstaged(connection: Connection, signal: AbortSignal): Promise<void> {
  if ((await stagedStatus(connection, { signal })).status === "none") return;
  throw new ArkError("ERR_USAGE", "A schema is staged, so that history_days cannot be put back.", {
    place: connection.place,
    hint: "Commit or abandon it, then put them back with --restore-history.",
  });
}

/** A database below, unless it is there no more. */
async function within(
  source: Connection,
  path: readonly string[],
  signal: AbortSignal,
): Promise<Connection | undefined> {
  if (path.length === 0) return source;
  try {
    return await scoped(source, path.join("/"), "admin", { signal });
  } catch (error) {
    if (error instanceof ArkError && error.code === "ERR_UNAUTHORIZED") return undefined;
    throw error;
  }
}
