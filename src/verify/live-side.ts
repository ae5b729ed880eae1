import {
  allDefinitions,
  type Connection,
  linePages,
  measure,
  type PageFlow,
  recordPages,
  schemaFiles,
  snapshotTime,
} from "../fauna/fauna.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { RecordBatch } from "../values/record-lines.ts";
import { COMPARED_KINDS, EVERY_ID, type Range, type Side } from "./side.ts";

export interface LiveSideOptions {
  readonly signal: AbortSignal;
  /** What all that is read of databases has in common. */
  readonly flow: PageFlow;
  /** Documents in a range that is cut where nothing else says where. */
  readonly rangeDocuments: number;
  /** The moment to look at, in microseconds; now without it. */
  readonly at?: bigint | undefined;
}

/** A database at a moment, which it stays at. */
export async function liveSide(
  connection: Connection,
  { signal, flow, rangeDocuments, at: moment }: LiveSideOptions,
): Promise<Side> {
  const at = moment ?? (await snapshotTime(connection, { signal }));
  const kinds = [...COMPARED_KINDS, "databases"] as const;
  const definitions = await allDefinitions(connection, { at, signal, kinds });
  const { files } = await schemaFiles(connection, { signal });
  const collections = new Set(
    definitions.filter(({ kind }) => kind === "collections").map(({ name }) => name),
  );
  const extents = new Map<string, number>();
  const requestFor = (
    collection: string,
    { from, to }: Range,
    { wish, own = flow }: { readonly wish: AbortSignal; readonly own?: PageFlow | undefined },
  ) => {
    // A range of every id is asked for without its ends.
    const bounds = {
      from: from === EVERY_ID.from ? undefined : from,
      to: to === EVERY_ID.to ? undefined : to,
    };
    return { collection, ...bounds, at, flow: own, signal: wish };
  };
  return {
    kind: "database",
    place: connection.place,
    at,
    collections,
    isPartial: false,
    hasSchema: true,
    definitions,
    files: new Map(files.map(({ filename, content }) => [filename, content])),
    documents: (collection) => (collections.has(collection) ? extents.get(collection) : 0),
    async cuts(collection, look, wish) {
      if (!look || !collections.has(collection)) return [];
      const request = { collection, at, documentsPerRange: rangeDocuments, signal: wish };
      const { documents, ranges } = await measure(connection, request);
      extents.set(collection, documents);
      return ranges.slice(0, -1).map(({ to }) => to);
    },
    isCleanCut: () => true,
    known: () => undefined,
    async *records(collection, range, wish, own): AsyncGenerator<readonly DocumentRecord[]> {
      if (!collections.has(collection)) return;
      const pages = recordPages(connection, requestFor(collection, range, { wish, own }));
      for await (const page of pages) yield page.records;
    },
    async *batches(collection, range, wish): AsyncGenerator<RecordBatch> {
      if (!collections.has(collection)) return;
      const pages = linePages(connection, requestFor(collection, range, { wish }));
      for await (const page of pages) yield page.records;
    },
    hidesUntil: (wish) => snapshotTime(connection, { signal: wish }),
  };
}
