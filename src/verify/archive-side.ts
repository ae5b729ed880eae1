import {
  type Archive,
  bytesRead,
  type CollectionEntry,
  parseDefinitionLine,
  type SegmentEntry,
} from "../archive/archive.ts";
import { DEFINITION_KINDS } from "../fauna/fauna.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import type { NamedDefinition, Range, Side } from "./side.ts";

/** One database of an archive as a side; the archive's bytes are trusted as far as its segments are read, which compares them with the manifest. */
export async function archiveSide(archive: Archive, path: readonly string[] = []): Promise<Side> {
  const { manifest, store } = archive;
  const database = archive.database(path);
  const entries = new Map(database.collections.map((entry) => [entry.name, entry]));
  const segments = (collection: string): readonly SegmentEntry[] =>
    entries.get(collection)?.segments ?? [];
  return {
    kind: "archive",
    place: store.place,
    at: BigInt(manifest.snapshot.ts),
    collections: new Set(entries.keys()),
    isPartial: ["collection", "exclude", "schema-only"].some((name) => name in manifest.options),
    hasHistory: database.collections.some(({ history }) => history !== undefined),
    hasSchema: database.schema.length > 0,
    definitions: await readDefinitions(archive, path),
    files: await archive.fsl(path),
    documents: (collection) => entries.get(collection)?.documents ?? 0,
    cuts: (collection) =>
      Promise.resolve(
        segments(collection)
          .slice(0, -1)
          .map(({ lastId }) => lastId),
      ),
    isCleanCut: (collection, id) =>
      !segments(collection).some(
        ({ firstId, lastId }) => compareIds(firstId, id) <= 0 && compareIds(id, lastId) < 0,
      ),
    known: (collection, range) => known(segments(collection), range),
    held: (collection, range) =>
      segments(collection)
        .filter((segment) => isTouched(segment, range))
        .reduce((most, segment) => Math.max(most, bytesRead(segment)), 0),
    records: (collection, range, signal) =>
      records(archive, entries.get(collection), range, signal),
    // What expired while the export was reading is not in it either.
    hidesUntil: () => Promise.resolve(BigInt(Date.parse(manifest.created)) * 1000n),
  };
}

/** Whether some of a segment lies in the range. */
function isTouched({ firstId, lastId }: SegmentEntry, { from, to }: Range): boolean {
  return compareIds(lastId, from) >= 0 && compareIds(to, firstId) >= 0;
}

async function readDefinitions(
  archive: Archive,
  path: readonly string[],
): Promise<NamedDefinition[]> {
  const definitions: NamedDefinition[] = [];
  for (const kind of DEFINITION_KINDS) {
    for await (const line of archive.definitions(kind, path)) {
      definitions.push({ kind, ...parseDefinitionLine(line, `${archive.store.place} ${kind}`) });
    }
  }
  return definitions;
}

/** The sum of those segments that lie in the range; undefined when one lies across an end of it. */
function known(segments: readonly SegmentEntry[], { from, to }: Range): Fingerprint | undefined {
  const sum = new Fingerprint();
  for (const segment of segments) {
    const { firstId, lastId } = segment;
    if (!isTouched(segment, { from, to })) continue;
    if (compareIds(firstId, from) < 0 || compareIds(to, lastId) < 0) return undefined;
    sum.merge(Fingerprint.parse(segment.fingerprint));
  }
  return sum;
}

async function* records(
  archive: Archive,
  collection: CollectionEntry | undefined,
  { from, to }: Range,
  signal: AbortSignal,
): AsyncGenerator<readonly DocumentRecord[]> {
  for (const segment of collection?.segments ?? []) {
    const { firstId, lastId } = segment;
    if (!isTouched(segment, { from, to })) continue;
    const isWhole = compareIds(from, firstId) <= 0 && compareIds(lastId, to) <= 0;
    for await (const frame of archive.segment(collection!, segment, { signal })) {
      yield isWhole
        ? frame.records
        : frame.records.filter(({ id }) => compareIds(from, id) <= 0 && compareIds(id, to) <= 0);
    }
  }
}
