/**
 * Diff: what differs between two sides, each an archive or a live database, from A to B.
 *
 *     open both; a database stands at a moment of its own from here on   (place.ts, archive-side.ts, live-side.ts)
 *     of several databases, each beside the one of its path              (place.ts)
 *     schema files line by line, definitions by members                  (definitions.ts, line-diff.ts)
 *     documents by fingerprints, ranges, and one by one                  (documents.ts)
 *     of changed documents the fields                                    (changed-fields.ts)
 */
import type { Unlock } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { bytesToHold, type Connection, PageFlow } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { Time } from "../values/time.ts";
import type { ChangedDocument, ComparisonOfCollection } from "./comparison.ts";
import { compareSchema, type DefinitionDifference, type SchemaComparison } from "./definitions.ts";
import { compareDocuments } from "./documents.ts";
import { Room } from "./in-step.ts";
import { unifiedDiff } from "./line-diff.ts";
import { type NaturalNote, naturalNotes } from "./natural.ts";
import { isDatabase, openPlace, pairsOf, type Place, type PlacedPair } from "./place.ts";
import type { Side } from "./side.ts";

export type { FieldChange } from "./changed-fields.ts";
export type { ChangedDocument } from "./comparison.ts";
export type { NaturalNote } from "./natural.ts";

/** An archive, by its store or path, or a database, by a connection with an admin secret. */
export type DiffPlace = Store | string | Connection;

export interface DiffOptions {
  readonly a: DiffPlace;
  readonly b: DiffPlace;
  /** What opens encrypted archives. */
  readonly unlock?: Unlock | undefined;
  /** Also the databases below live ones; those of an archive that holds some are always compared. */
  readonly recursive?: boolean | undefined;
  /** Leave out when documents were written; false by default. */
  readonly ignoreTs?: boolean | undefined;
  /** Id ranges compared at once. */
  readonly window?: number | undefined;
  /** Documents asked for in one request, at most. */
  readonly pageSize?: number | undefined;
  /** Bytes of memory that the process may take; 256 MiB by default. Pages are as large as that allows. */
  readonly maxMemory?: number | undefined;
  /** Documents in a range, where two databases are compared. */
  readonly rangeDocuments?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** `removed`: in A only. `added`: in B only. */
export type Change = "removed" | "added" | "changed";

export interface DiffSide {
  readonly kind: "archive" | "database";
  readonly place: string;
  /** The moment it shows. */
  readonly snapshot: { readonly ts: string; readonly time: string };
}

/** What differs from A to B. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface DiffReport {
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** Whether nothing differs but what Fauna makes impossible to keep. */
  readonly equal: boolean;
  /** Schema files that differ, each with its lines as `diff -u` shows them. */
  readonly files: readonly {
    /** The path of the database; empty for the topmost. */
    readonly database: string;
    readonly name: string;
    readonly how: Change;
    readonly diff: string;
  }[];
  /** Definitions that differ, with the top-level members in which they do. */
  readonly definitions: readonly {
    readonly database: string;
    readonly kind: string;
    readonly name: string;
    readonly how: Change;
    readonly members: readonly string[];
  }[];
  readonly collections: readonly CollectionDiff[];
  /** What differs by Fauna's nature, counted; it does not make A and B different. */
  readonly natural: readonly (NaturalNote & { readonly database: string })[];
  /** What one of the two says nothing of. */
  readonly notCompared: readonly { readonly what: string; readonly why: string }[];
  readonly seconds: number;
}

export interface CollectionDiff {
  readonly database: string;
  readonly name: string;
  /** Documents in A and in B. */
  readonly a: number;
  readonly b: number;
  readonly equal: boolean;
  /** Counts are exact; of the ids the lowest 100 are listed. */
  readonly removed: { readonly count: number; readonly ids: readonly string[] };
  readonly added: { readonly count: number; readonly ids: readonly string[] };
  readonly changed: { readonly count: number; readonly documents: readonly ChangedDocument[] };
}

/**
 * Compares two sides.
 *
 * Memory does not grow with the documents, nor with the differences. An archive's bytes are proven as far as they are
 * read; `verifyArchive` proves them all.
 *
 * @throws ArkError ERR_ARCHIVE_INCOMPLETE and the like when an archive cannot be read; ERR_SNAPSHOT_EXPIRED when a
 * database can no longer be read at its moment; what connections throw; the signal's reason.
 */
export async function diffDatabases(options: DiffOptions): Promise<DiffReport> {
  const started = performance.now();
  const { ignoreTs = false, window = 4, onProgress = () => {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const limits = {
    window,
    pageSize: options.pageSize ?? 4_000,
    rangeDocuments: options.rangeDocuments ?? 50_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
  }
  signal.throwIfAborted();
  const { unlock, recursive = false } = options;
  const { maxMemory } = options;
  const underWay = { max: 2 * window, found: false };
  const flow = new PageFlow({ pageSize: limits.pageSize, bytes: bytesToHold(maxMemory), underWay });
  const besidePages = isDatabase(options.a) !== isDatabase(options.b);
  const room = new Room({ ...limits, maxMemory, besidePages });
  const own = { ...limits, flow, signal, unlock, recursive };
  const a = await openPlace(options.a, own);
  const b = await openPlace(options.b, own);
  const found: Found[] = [];
  for await (const pair of pairsOf(a, b))
    found.push(await compareOne(pair, { ...limits, room, ignoreTs, signal, onProgress }));
  const all = <T>(of: (each: Found) => readonly T[]) => found.flatMap(of);
  const collections = all(({ collections: each }) => each);
  return {
    a: described(a, found[0]!.left),
    b: described(b, found[0]!.right),
    equal: found.every(({ equal }) => equal),
    files: all(({ files }) => files),
    definitions: all(({ definitions }) => definitions),
    collections,
    natural: all(({ natural }) => natural),
    notCompared: [
      ...all(({ notCompared }) => notCompared),
      ...unseenPasswords(a, b),
      ...unseenPast(found),
      ...unseenChildren(found),
    ],
    seconds: (performance.now() - started) / 1000,
  };
}

/** What was found in one database of both sides. */
interface Found extends Pick<
  DiffReport,
  "equal" | "files" | "definitions" | "collections" | "natural" | "notCompared"
> {
  readonly path: readonly string[];
  readonly left: Side;
  readonly right: Side;
}

interface CompareOptions {
  readonly ignoreTs: boolean;
  readonly window: number;
  readonly room: Room;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

async function compareOne(
  { path, left, right, only }: PlacedPair,
  { onProgress, ...options }: CompareOptions,
): Promise<Found> {
  const database = path.join("/");
  const schema = compareSchema(left, right);
  const { names, notCompared } = comparable(left, right);
  const found = await compareDocuments(left, right, names, {
    ...options,
    onProgress: (progress) =>
      onProgress(
        database === "" ? progress : { ...progress, item: `${database}: ${progress.item ?? ""}` },
      ),
  });
  return {
    path,
    left,
    right,
    equal:
      only === undefined && schema.differences.length === 0 && found.every(({ equal }) => equal),
    files: filesOf(schema, left, right).map((each) => ({ database, ...each })),
    definitions: [
      ...databaseItself(path, only),
      ...schema.differences
        .filter(({ kind }) => kind !== "fsl")
        .map(({ kind, name, how, members }) => ({
          database,
          kind,
          name,
          how: CHANGES[how],
          members,
        })),
    ],
    collections: found.map((each) => ({ database, ...collectionDiff(each) })),
    natural: naturalNotes(schema, found).map((each) => ({ database, ...each })),
    notCompared: notCompared.map(({ what, why }) => ({
      what: database === "" ? what : `${database}: ${what}`,
      why,
    })),
  };
}

/** A database of one side only, as a definition of the one above it. */
function databaseItself(
  path: readonly string[],
  only: PlacedPair["only"],
): DiffReport["definitions"] {
  if (only === undefined) return [];
  const how = only === "left" ? "removed" : "added";
  const database = path.slice(0, -1).join("/");
  return [{ database, kind: "databases", name: path.at(-1)!, how, members: [] }];
}

function unseenPasswords(a: Place, b: Place): DiffReport["notCompared"] {
  if (a.lacksPasswords === b.lacksPasswords) return [];
  const { place } = a.lacksPasswords ? a : b;
  return [
    { what: "passwords of documents", why: `the archive ${place} was not asked for secrets` },
  ];
}

/** Child databases that a side names and that were not compared. */
function unseenChildren(found: readonly Found[]): DiffReport["notCompared"] {
  const seen = new Set(found.map(({ path }) => JSON.stringify(path)));
  const names = found
    .flatMap(({ path, left, right }) =>
      [left, right].flatMap(({ definitions }) =>
        definitions.filter(({ kind }) => kind === "databases").map(({ name }) => [...path, name]),
      ),
    )
    .filter((path) => !seen.has(JSON.stringify(path)))
    .map((path) => path.join("/"));
  if (names.length === 0) return [];
  const all = [...new Set(names)].toSorted();
  return [
    {
      what: `child databases (${all.join(", ")})`,
      why: "--recursive, and an archive made with it, compare them",
    },
  ];
}

function described({ kind, place }: Place, { at }: Side): DiffSide {
  return { kind, place, snapshot: { ts: String(at), time: Time.fromMicros(at).toString() } };
}

/** Whether the side does not say what is in a collection. */
const lacks = ({ isPartial, collections }: Side, name: string): boolean =>
  isPartial && !collections.has(name);

/** The collections of which both sides say what they hold, and what is left out. */
function comparable(
  a: Side,
  b: Side,
): { readonly names: readonly string[] } & Pick<DiffReport, "notCompared"> {
  const notCompared: DiffReport["notCompared"][number][] = [];
  const all = [...new Set([...a.collections, ...b.collections])].toSorted();
  for (const name of all) {
    const side = [a, b].find((each) => lacks(each, name));
    if (side === undefined) continue;
    notCompared.push({
      what: `documents of ${name}`,
      why: `the archive ${side.place} was not asked to hold them`,
    });
  }
  for (const { hasSchema, place } of [a, b]) {
    if (!hasSchema) notCompared.push({ what: "the schema", why: `${place} has none` });
  }
  return { names: all.filter((name) => !lacks(a, name) && !lacks(b, name)), notCompared };
}

const CHANGES: Readonly<Record<DefinitionDifference["how"], Change>> = {
  missing: "removed",
  extra: "added",
  different: "changed",
};

function filesOf({ differences }: SchemaComparison, a: Side, b: Side) {
  return differences
    .filter(({ kind }) => kind === "fsl")
    .map(({ name, how }) => ({
      name,
      how: CHANGES[how],
      diff: unifiedDiff(a.files.get(name), b.files.get(name), name),
    }));
}

function collectionDiff(found: ComparisonOfCollection): Omit<CollectionDiff, "database"> {
  const { name, left, right, equal, counts, ids, changed } = found;
  return {
    name,
    a: left,
    b: right,
    equal,
    removed: { count: counts.missing, ids: ids.missing },
    added: { count: counts.extra, ids: ids.extra },
    changed: { count: counts.different, documents: changed },
  };
}

/** A past is compared by `verify` only, which knows the time that both sides tell of. */
function unseenPast(found: readonly Found[]): DiffReport["notCompared"] {
  if (!found.some(({ left, right }) => left.hasHistory === true || right.hasHistory === true))
    return [];
  const why = "diff looks at one moment; `fauna-ark verify --against` compares the past too";
  return [{ what: "past versions and deletions", why }];
}
