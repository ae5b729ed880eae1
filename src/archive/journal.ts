import type * as z from "zod";
import { mapConcurrent } from "../flow/flow.ts";
import { once, readWhole, type Store, writeWhole } from "../store/store.ts";
import {
  type RunJournal,
  runJournalSchema,
  type SegmentJournal,
  segmentJournalSchema,
} from "./manifest.ts";
import type { Sealer } from "./age.ts";
import { JOURNAL, journalFile, RUN_JOURNAL } from "./names.ts";

/** What an unfinished run wrote down: itself, and each segment that is durable. */
export interface Journal {
  readonly run: RunJournal | undefined;
  readonly segments: readonly SegmentJournal[];
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

/** Reads the journal. An entry that is not whole says nothing and is left out. */
export async function readJournal(store: Store): Promise<Journal> {
  let run: RunJournal | undefined;
  const segments: SegmentJournal[] = [];
  let sealed = 0;
  for await (const { name } of store.list(JOURNAL)) {
    if (name.endsWith(".age")) {
      sealed++;
      continue;
    }
    const text = (await readWhole(store, name)).toString();
    if (name === RUN_JOURNAL) {
      run = parse(text, runJournalSchema);
    } else {
      const done = parse(text, segmentJournalSchema);
      if (done !== undefined) segments.push(done);
    }
  }
  return { run, segments, sealed };
}

/** Removes what the journal holds. Several at once, for each removal waits for the disk. */
export async function removeJournal(store: Store): Promise<void> {
  const names: string[] = [];
  for await (const { name } of store.list(JOURNAL)) names.push(name);
  const removals = mapConcurrent(each(names), (name) => store.remove(name), { concurrency: 16 });
  for await (const _ of removals);
}

async function* each(names: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* names;
}

function parse<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
