import { ArkError } from "../errors/errors.ts";
import { safeName } from "../store/store.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareIds } from "../values/record.ts";
import { Time } from "../values/time.ts";
import * as z from "zod";
import { EXTENSION } from "./compression.ts";
import {
  type CollectionEntry,
  type CollectionHistory,
  type DatabaseEntry,
  FORMAT_NAME,
  FORMAT_VERSION,
  type Manifest,
  manifestSchema,
  type SegmentEntry,
} from "./manifest.ts";

/** What this release understands beyond version 1: encrypted files, and what is no more. Later ones: incremental archives. */
const FEATURES: ReadonlySet<string> = new Set(["age", "history"]);

const head = z.object({
  format: z.literal(FORMAT_NAME),
  version: z.int().min(1),
  features: z.array(z.string()).default([]),
});

/**
 * The manifest that `text` holds.
 *
 * @throws ArkError ERR_ARCHIVE_VERSION when it is of a newer format or needs a feature that this
 * release has not; ERR_ARCHIVE_UNSAFE when it names a file outside its folder; ERR_ARCHIVE_CORRUPT
 * when it is anything else than a manifest that agrees with itself.
 */
export function parseManifest(text: string, place: string): Manifest {
  const json = parseJsonText(text, place);
  refuseNewer(json, place);
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw corrupt(describe(parsed.error), place);
  const problem = firstContradiction(parsed.data, place);
  if (problem !== undefined) throw corrupt(problem, place);
  return parsed.data;
}

/** @throws ArkError ERR_ARCHIVE_VERSION when `text` is the manifest of an archive that is newer than this release. */
export function refuseNewerManifest(text: string, place: string): void {
  refuseNewer(parseJsonText(text, place), place);
}

function parseJsonText(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = /at position (\d+)/.exec(String(cause))?.[1];
    const offset = position === undefined ? text.length : Number(position);
    throw corrupt("it is not JSON", place, {
      cause,
      offset: Buffer.byteLength(text.slice(0, offset)),
    });
  }
}

function refuseNewer(json: unknown, place: string): void {
  const found = head.safeParse(json);
  if (!found.success) throw corrupt(describe(found.error), place);
  const { version, features } = found.data;
  const hint = "Use a newer fauna-ark to read it.";
  if (version > FORMAT_VERSION) {
    const message = `the archive has format version ${version}, this release reads up to ${FORMAT_VERSION}`;
    throw new ArkError("ERR_ARCHIVE_VERSION", message, { place, hint, details: { version } });
  }
  const unknown = features.filter((feature) => !FEATURES.has(feature));
  if (unknown.length === 0) return;
  const message = `the archive needs what this release does not know: ${unknown.join(", ")}`;
  throw new ArkError("ERR_ARCHIVE_VERSION", message, {
    place,
    hint,
    details: { features: unknown },
  });
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? error.message : `${issue.path.join(".") || "it"}: ${issue.message}`;
}

function corrupt(
  problem: string,
  place: string,
  { cause, offset = 0 }: { readonly cause?: unknown; readonly offset?: number } = {},
): ArkError {
  return new ArkError("ERR_ARCHIVE_CORRUPT", `not a manifest that can be trusted: ${problem}`, {
    place,
    cause,
    details: { offset },
    hint: "Take another copy of the archive.",
  });
}

/**
 * The first sentence that does not agree with the others, if any: sums, order, names.
 *
 * @throws ArkError ERR_ARCHIVE_UNSAFE for a name that leaves the archive.
 */
export function firstContradiction(manifest: Manifest, place: string): string | undefined {
  for (const problem of contradictions(manifest, place)) return problem;
  return undefined;
}

function* contradictions(manifest: Manifest, place: string): Generator<string, void> {
  const { snapshot, totals, databases } = manifest;
  if (Time.fromMicros(BigInt(snapshot.ts)).toString() !== snapshot.time)
    yield `snapshot: ${snapshot.ts} is not ${snapshot.time}`;
  if (databases[0]?.path.length !== 0) yield "databases: the first is not the exported one";
  yield* repeated(databases, (database) => JSON.stringify(database.path), "database");
  yield* repeated(databases, (database) => database.folder.toLowerCase(), "database folder");
  yield* orphans(databases);
  const files = databases.flatMap((database) => [
    ...database.schema.map((entry) => entry.file),
    ...database.collections.flatMap((entry) => everySegment(entry).map((segment) => segment.file)),
  ]);
  // File systems that take upper and lower case for the same must be able to hold every archive.
  yield* repeated(files, (file) => file.toLowerCase(), "file");
  for (const file of files) safeName(file, place);
  const isSealed = manifest.features.includes("age");
  if (isSealed !== (manifest.encryption !== undefined))
    yield "features and encryption do not agree on whether it is encrypted";
  if (isSealed)
    for (const file of files) if (!file.endsWith(".age")) yield `${file} is not named as sealed`;
  for (const database of databases) yield* inDatabase(database, manifest, place);

  const collections = databases.flatMap((database) => database.collections);
  const schema = databases.flatMap((database) => database.schema);
  const histories = collections.flatMap(({ history }) => history ?? []);
  const hasHistory = manifest.features.includes("history");
  if (hasHistory !== histories.length > 0 || hasHistory !== (totals.history !== undefined))
    yield "features, totals and collections do not agree on whether there is history";
  if (totals.history !== undefined)
    yield* unequal(totals.history, sumHistories(histories), "totals of history");
  const sums: Omit<Manifest["totals"], "history"> = {
    databases: databases.length,
    collections: collections.length,
    documents: sum(collections, (entry) => entry.documents),
    segments: sum(collections, (entry) => entry.segments.length),
    definitions: sum(schema, (entry) => entry.definitions),
    plainBytes: sum(collections, (entry) => entry.plainBytes),
    storedBytes: sum(collections, (entry) => entry.storedBytes),
  };
  yield* unequal(totals, sums, "totals");
}

/** Databases that do not come after the one above them. */
function* orphans(databases: readonly DatabaseEntry[]): Generator<string, void> {
  const before = new Set<string>();
  for (const { path } of databases) {
    if (path.length > 0 && !before.has(JSON.stringify(path.slice(0, -1))))
      yield `databases: ${path.join("/")} does not follow the one above it`;
    before.add(JSON.stringify(path));
  }
}

function* inDatabase(
  database: DatabaseEntry,
  manifest: Manifest,
  place: string,
): Generator<string, void> {
  const { folder } = database;
  if (folder !== "") {
    if (!folder.endsWith("/")) yield `folder ${folder} does not end in a slash`;
    safeName(folder.slice(0, -1), place);
  }
  for (const { file, kind, name } of database.schema) {
    if (!file.startsWith(`${folder}schema/`)) yield `${file} is not in ${folder}schema/`;
    const isFsl = kind === "fsl" || kind === "fsl-staged";
    if (isFsl !== (name !== null)) yield `${file}: FSL files have names, and only they`;
  }
  yield* repeated(
    database.schema,
    ({ kind, name }) => `${kind} ${name ?? ""}`.trim(),
    "schema file",
  );
  yield* repeated(database.collections, (entry) => entry.name, "collection");
  for (const collection of database.collections)
    yield* inCollection(collection, `${folder}data/`, manifest);
}

function* inCollection(
  collection: CollectionEntry,
  parent: string,
  manifest: Manifest,
): Generator<string, void> {
  const { name, folder, segments, history } = collection;
  if (!folder.startsWith(parent) || !folder.endsWith("/")) yield `${folder} is not in ${parent}`;
  yield* inSegments(segments, folder, manifest);
  yield* unequal(collection, { documents: sum(segments, (entry) => entry.records) }, name);
  yield* unequalSums(collection, name);
  if (history !== undefined) yield* inHistory(history, collection, manifest);
}

function* inHistory(
  history: CollectionHistory,
  { name, folder: parent, segments: documents }: CollectionEntry,
  manifest: Manifest,
): Generator<string, void> {
  const { folder, segments, from } = history;
  const what = `the history of ${name}`;
  if (!folder.startsWith(parent) || folder === parent || !folder.endsWith("/"))
    yield `${folder} is not in ${parent}`;
  if (documents.some(({ file }) => file.startsWith(folder)))
    yield `${what} and its documents are in one folder`;
  const snapshot = BigInt(manifest.snapshot.ts);
  if (BigInt(from) > snapshot) yield `${what} begins after the snapshot`;
  if (segments.some(({ maxTs }) => BigInt(maxTs) > snapshot))
    yield `${what} goes on after the snapshot`;
  yield* inSegments(segments, folder, manifest, true);
  yield* unequal(history, { versions: sum(segments, (entry) => entry.records) }, what);
  yield* unequalSums(history, what);
}

/** @param isHistory whether several records may be of one id. */
function* inSegments(
  segments: readonly SegmentEntry[],
  folder: string,
  manifest: Manifest,
  isHistory = false,
): Generator<string, void> {
  const isSealed = manifest.encryption !== undefined;
  const extension = `${EXTENSION[manifest.compression]}${isSealed ? ".age" : ""}`;
  for (const [i, segment] of segments.entries()) {
    if (!segment.file.startsWith(folder)) yield `${segment.file} is not in ${folder}`;
    if (!segment.file.endsWith(`.ndjson${extension}`))
      yield `${segment.file} is not named as ${manifest.compression} is`;
    const before = segments[i - 1];
    if (before !== undefined && compareIds(before.lastId, segment.firstId) >= 0)
      yield `${segment.file} begins before ${before.file} ends`;
    if (isSealed !== (segment.openedBytes !== undefined))
      yield `${segment.file}: openedBytes is for sealed files, and for all of them`;
    const problem = inSegment(segment, isHistory);
    if (problem !== undefined) yield `${segment.file}: ${problem}`;
  }
}

function* unequalSums(
  entry: Pick<CollectionEntry, "plainBytes" | "storedBytes" | "fingerprint" | "segments">,
  what: string,
): Generator<string, void> {
  const { segments } = entry;
  const sums = {
    plainBytes: sum(segments, ({ plainBytes }) => plainBytes),
    storedBytes: sum(segments, ({ storedBytes }) => storedBytes),
  };
  yield* unequal(entry, sums, what);
  const whole = sumFingerprints(segments);
  if (!whole.equals(Fingerprint.parse(entry.fingerprint)))
    yield `${what}: its fingerprint is not the sum of its segments'`;
}

/** The segments of a collection's documents and of its history. */
export function everySegment({ segments, history }: CollectionEntry): readonly SegmentEntry[] {
  return history === undefined ? segments : [...segments, ...history.segments];
}

/** Sums over histories, as `totals` has them. */
export function sumHistories(
  histories: readonly CollectionHistory[],
): NonNullable<Manifest["totals"]["history"]> {
  return {
    segments: sum(histories, ({ segments }) => segments.length),
    versions: sum(histories, ({ versions }) => versions),
    plainBytes: sum(histories, ({ plainBytes }) => plainBytes),
    storedBytes: sum(histories, ({ storedBytes }) => storedBytes),
  };
}

/** The fingerprint of all records of `segments`. */
export function sumFingerprints(segments: readonly SegmentEntry[]): Fingerprint {
  const whole = new Fingerprint();
  for (const segment of segments) whole.merge(Fingerprint.parse(segment.fingerprint));
  return whole;
}

function inSegment(segment: SegmentEntry, isHistory: boolean): string | undefined {
  const { frames, firstId, lastId, plainBytes, storedBytes, records } = segment;
  const { openedBytes = storedBytes } = segment;
  if (compareIds(firstId, lastId) > 0) return "its first id is above its last";
  if (BigInt(segment.minTs) > BigInt(segment.maxTs)) return "its least ts is above its greatest";
  if (segment.fingerprint.records !== records) return "its fingerprint counts other records";
  if (sum(frames, (frame) => frame.records) !== records) return "its frames hold other records";
  const [first] = frames;
  if (first?.offset !== 0 || first.plainOffset !== 0 || first.firstId !== firstId)
    return "its first frame is not its beginning";
  for (const [i, frame] of frames.entries()) {
    const next = frames[i + 1];
    if (frame.offset >= (next?.offset ?? openedBytes)) return `its frame ${i + 1} is empty`;
    if (frame.plainOffset >= (next?.plainOffset ?? plainBytes))
      return `its frame ${i + 1} is empty`;
    // The versions of one document may go on from frame to frame.
    if (next !== undefined && compareIds(frame.firstId, next.firstId) >= (isHistory ? 1 : 0))
      return `its frame ${i + 2} is out of order`;
  }
  return compareIds(frames.at(-1)?.firstId ?? lastId, lastId) > 0
    ? "its last frame begins after its last id"
    : undefined;
}

function* repeated<T>(items: readonly T[], key: (item: T) => string, what: string) {
  const seen = new Set<string>();
  for (const item of items) {
    const own = key(item);
    if (seen.has(own)) yield `${what} ${own} is there twice`;
    seen.add(own);
  }
}

function* unequal<K extends string>(
  stated: Readonly<Record<NoInfer<K>, number>>,
  sums: Readonly<Record<K, number>>,
  what: string,
): Generator<string, void> {
  const keys = Object.keys(sums) as K[];
  for (const key of keys)
    if (stated[key] !== sums[key])
      yield `${what}: ${key} is ${stated[key]}, its parts add up to ${sums[key]}`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
