import type * as z from "zod";
import { mapConcurrent } from "../flow/flow.ts";
import { once, readWhole, type Store, writeWhole } from "../store/store.ts";
import {
  type PartJournal,
  type RunJournal,
  runJournalSchema,
  type SchemaJournal,
  schemaJournalSchema,
  type SegmentJournal,
  segmentJournalSchema,
} from "./manifest.ts";
import type { Sealer } from "./age.ts";
import { JOURNAL, journalFile, journalFileOfNone, isLockFile, RUN_JOURNAL } from "./names.ts";

/** What an unfinished run wrote down: itself, and what is durable. */
export interface Journal {
  readonly run: RunJournal | undefined;
  readonly segments: readonly SegmentJournal[];
  /** What a resumed run needs not read again. */
  readonly parts: readonly PartJournal[];
  readonly schema: readonly SchemaJournal[];
  /** Entries that are sealed, and say no more than that a segment is durable. */
  readonly sealed: number;
}

/** @throws ArkError ERR_TARGET_NOT_EMPTY when another run has begun in the same place. */
export async function writeRun(store: Store, run: RunJournal): Promise<void> {
  await writeWhole(store, RUN_JOURNAL, `${JSON.stringify(run)}\n`, { exclusive: true });
}

/** Notes that a segment is durable. */
export async function writeDone(store: Store, done: SegmentJournal, sealer: Sealer): Promise<void> {
  const name = `${journalFile(done.segment.file)}${sealer.extension}`;
  await store.write(name, sealer.seal(once(`${JSON.stringify(done)}\n`)));
}

/** Notes that part of the collection in `folder` holds no documents. */
export async function writeNone(store: Store, folder: string, none: PartJournal): Promise<void> {
  const name = journalFileOfNone(folder, none.part.done.from);
  await writeWhole(store, name, `${JSON.stringify(none)}\n`);
}

/** Notes that a schema file is durable. */
export async function writeSchemaDone(store: Store, done: SchemaJournal): Promise<void> {
  await writeWhole(store, journalFile(done.schema.file), `${JSON.stringify(done)}\n`);
}

/** What a run wrote down of itself; undefined when there is none, or it is of another release. */
export async function readRun(store: Store): Promise<RunJournal | undefined> {
  if ((await store.size(RUN_JOURNAL)) === undefined) return undefined;
  return parse((await readWhole(store, RUN_JOURNAL)).toString(), runJournalSchema);
}

/** Reads the journal. An entry that is not whole says nothing and is left out. */
export async function readJournal(store: Store): Promise<Journal> {
  let run: RunJournal | undefined;
  const segments: SegmentJournal[] = [];
  const parts: PartJournal[] = [];
  const schema: SchemaJournal[] = [];
  let sealed = 0;
  for await (const { name } of store.list(JOURNAL)) {
    if (name.endsWith(".age")) {
      sealed++;
      continue;
    }
    // What an export has put by for itself, which may be large.
    if (!name.endsWith(".json") || isLockFile(name)) continue;
    const text = (await readWhole(store, name)).toString();
    if (name === RUN_JOURNAL) {
      run = parse(text, runJournalSchema);
      continue;
    }
    const done = parse(text, segmentJournalSchema);
    if (done?.segment !== null && done !== undefined) segments.push(done as SegmentJournal);
    if (done?.part !== undefined) parts.push(done as PartJournal);
    const file = done === undefined ? parse(text, schemaJournalSchema) : undefined;
    if (file !== undefined) schema.push(file);
  }
  return { run, segments, parts, schema, sealed };
}

/** Takes entries back, so that nobody believes them. */
export async function takeBack(
  store: Store,
  folder: string,
  parts: readonly PartJournal[],
): Promise<void> {
  await removeAll(
    store,
    parts.map(({ segment, part }) =>
      segment === null ? journalFileOfNone(folder, part.done.from) : journalFile(segment.file),
    ),
  );
}

/**
 * Removes what the journal holds, the run itself last: until then it can be told that this is still to be done. The lock
 * goes when all else is gone that another run could find.
 */
export async function removeJournal(store: Store): Promise<void> {
  const names: string[] = [];
  const locks: string[] = [];
  for await (const { name } of store.list(JOURNAL))
    if (name !== RUN_JOURNAL) (isLockFile(name) ? locks : names).push(name);
  await removeAll(store, names);
  await removeAll(store, locks);
  await store.remove(RUN_JOURNAL);
}

/** Removes files. Several at once, for each removal waits for the disk. */
export async function removeAll(store: Store, names: readonly string[]): Promise<void> {
  const removals = mapConcurrent(names, (name) => store.remove(name), { concurrency: 16 });
  for await (const _ of removals);
}

function parse<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
