/** Streams a source's documents into the target in parallel batches, and proves afterwards that they are there. */
import { ArkError } from "../errors/errors.ts";
import { type Connection, ids, snapshotTime } from "../fauna/fauna.ts";
import { mapConcurrent, type OnProgress } from "../flow/flow.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Placeholders } from "./deleted-refs.ts";
import { IdSet } from "./id-set.ts";
import type { ImportSource } from "./source.ts";
import { type Batch, kindOf, type RecordKind, sizeInRequest, writeBatch } from "./write.ts";

export interface DocumentsOptions {
  readonly window: number;
  readonly batchDocuments: number;
  readonly batchBytes: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly deadLetterFile: string;
  /** Whether references into collections that are no more are restored; refused without. */
  readonly restoreDeletedRefs?: boolean | undefined;
  /** The target's time, in microseconds, by which a ttl has passed or not. */
  readonly now: () => bigint;
}

/** What became of the documents of one collection. */
export interface CollectionTally {
  readonly name: string;
  read: number;
  written: number;
  /** Their ttl had passed before they were written; Fauna would not show them. */
  expired: number;
  refused: number;
  /** Written with a new `ts`, because only v10 writes nulls inside arrays. */
  newTs: number;
  /** Some ids of those with a new `ts`. */
  readonly newTsExamples: string[];
  readonly refusedIds: Set<string>;
  /** Documents with references into collections that are no more: restored if that was asked for, else refused. */
  readonly deletedRefs: { restored: number; refused: number; readonly examples: string[] };
  /** Documents with top-level members that Fauna takes no more. */
  readonly lostMembers: { count: number; readonly examples: string[] };
}

const EXAMPLES = 10;
/** Ids named by an error, at most. */
const IDS_NAMED = 20;

export class DocumentsRun {
  readonly #target: Connection;
  readonly #source: ImportSource;
  readonly #options: DocumentsOptions;
  readonly #tallies = new Map<string, CollectionTally>();
  /** Ids that have to be in the target, by collection. */
  readonly #expected = new Map<string, IdSet>();
  readonly deadLetters: DeadLetters;
  readonly #placeholders: Placeholders;

  constructor(target: Connection, source: ImportSource, options: DocumentsOptions) {
    this.#target = target;
    this.#source = source;
    this.#options = options;
    this.deadLetters = new DeadLetters(options.deadLetterFile);
    this.#placeholders = new Placeholders(target, options.signal);
    for (const { name } of source.collections) {
      const tally = {
        read: 0,
        written: 0,
        expired: 0,
        refused: 0,
        newTs: 0,
        newTsExamples: [],
        refusedIds: new Set<string>(),
        deletedRefs: { restored: 0, refused: 0, examples: [] },
        lostMembers: { count: 0, examples: [] },
      };
      this.#tallies.set(name, { name, ...tally });
      this.#expected.set(name, new IdSet());
    }
  }

  get tallies(): readonly CollectionTally[] {
    return [...this.#tallies.values()];
  }

  /** Writes every document that can be written. @throws what is no document's fault. */
  async write(): Promise<void> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(this.#options.signal.reason);
    this.#options.signal.addEventListener("abort", onAbort);
    const { window, timeoutMs } = this.#options;
    try {
      this.#options.signal.throwIfAborted();
      const writing = mapConcurrent(
        this.#batches(stop.signal),
        async (batch) => {
          try {
            const restored =
              this.#options.restoreDeletedRefs === true
                ? await this.#placeholders.make(batch.records)
                : [];
            const refusals = await writeBatch(this.#target, batch, {
              signal: stop.signal,
              timeoutMs,
            });
            await this.deadLetters.add(refusals);
            const refused = new Set(refusals.map(({ record }) => record));
            this.#count(batch, refused);
            await this.#countDeletedRefs(batch.collection, restored, refused);
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        },
        { concurrency: window },
      );
      for await (const _ of writing) this.#options.signal.throwIfAborted();
      if (this.#options.restoreDeletedRefs === true) await this.#placeholders.remove();
    } catch (error) {
      // The first failure is the reason; the others were stopped by it.
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      this.#options.signal.removeEventListener("abort", onAbort);
      await this.deadLetters.close();
    }
  }

  /** Batches of one collection and kind each; records of the rarer kinds wait for one another. */
  async *#batches(signal: AbortSignal): AsyncGenerator<Batch> {
    for (const { name } of this.#source.collections) {
      const batcher = new Batcher(name, this.#options);
      for await (const record of this.#alive(name, signal)) {
        const full = batcher.add(record);
        if (full !== undefined) yield full;
      }
      yield* batcher.rest();
    }
  }

  /** A collection's records, without those that Fauna would not show because their ttl has passed. */
  async *#alive(name: string, signal: AbortSignal): AsyncGenerator<DocumentRecord> {
    const tally = this.#tallies.get(name)!;
    for await (const records of this.#source.records(name, signal)) {
      const now = this.#options.now();
      for (const record of records) {
        tally.read++;
        if (hasExpired(record, now)) tally.expired++;
        else yield record;
      }
    }
  }

  #count({ collection, records, kind }: Batch, refused: ReadonlySet<DocumentRecord>): void {
    const tally = this.#tallies.get(collection)!;
    const expected = this.#expected.get(collection)!;
    for (const record of records) {
      if (refused.has(record)) {
        tally.refused++;
        tally.refusedIds.add(record.id);
        continue;
      }
      tally.written++;
      expected.add(record.id);
      if (record.extraText !== undefined) {
        tally.lostMembers.count++;
        note(tally.lostMembers.examples, record);
      }
      if (kind !== "nulls") continue;
      tally.newTs++;
      if (tally.newTsExamples.length < EXAMPLES) tally.newTsExamples.push(record.id);
    }
    this.#report("documents", collection, tally.written + tally.refused + tally.expired);
  }

  async #countDeletedRefs(
    collection: string,
    restored: readonly DocumentRecord[],
    refused: ReadonlySet<DocumentRecord>,
  ): Promise<void> {
    const { deletedRefs } = this.#tallies.get(collection)!;
    for (const record of restored) {
      if (refused.has(record)) continue;
      deletedRefs.restored++;
      note(deletedRefs.examples, record);
    }
    for (const record of refused) {
      if ((await this.#placeholders.missing(record)).length === 0) continue;
      deletedRefs.refused++;
      note(deletedRefs.examples, record);
    }
  }

  /**
   * Lists the refs of every collection and compares them with what was written.
   *
   * @throws ArkError ERR_MISMATCH naming ids that are missing or extra.
   */
  async prove(): Promise<void> {
    const { signal, timeoutMs } = this.#options;
    const at = await snapshotTime(this.#target, { signal });
    for (const { name, read } of this.tallies) {
      const found = new IdSet();
      for await (const page of ids(this.#target, { collection: name, at, signal, timeoutMs })) {
        for (const id of page) found.add(id);
        this.#report("compare", name, Math.min(read, found.count));
      }
      if (found.equals(this.#expected.get(name)!)) continue;
      if (!found.equals(await this.#stillAlive(name))) await this.#explain(name, at);
    }
  }

  /** Ids that have to be in the target, without those whose ttl has passed since they were written. */
  async #stillAlive(name: string): Promise<IdSet> {
    const { signal } = this.#options;
    const now = await snapshotTime(this.#target, { signal });
    const { refusedIds } = this.#tallies.get(name)!;
    const alive = new IdSet();
    for await (const records of this.#source.records(name, signal)) {
      for (const record of records)
        if (!refusedIds.has(record.id) && !hasExpired(record, now)) alive.add(record.id);
    }
    return alive;
  }

  /** Finds which ids differ; expired documents that the listing no longer shows are none. */
  async #explain(name: string, at: bigint): Promise<void> {
    const { signal, timeoutMs } = this.#options;
    const there = new Set<string>();
    for await (const page of ids(this.#target, { collection: name, at, signal, timeoutMs })) {
      for (const id of page) there.add(id);
    }
    // A listing at a past time lacks what expires before it is read (live 3).
    const now = await snapshotTime(this.#target, { signal });
    const missing: string[] = [];
    const { refusedIds } = this.#tallies.get(name)!;
    for await (const records of this.#source.records(name, signal)) {
      for (const record of records) {
        const { id } = record;
        if (!there.delete(id) && !refusedIds.has(id) && !hasExpired(record, now)) missing.push(id);
      }
    }
    const extra = [...there];
    if (missing.length === 0 && extra.length === 0) return;
    throw new ArkError(
      "ERR_MISMATCH",
      `${name} does not hold what was written: ${missing.length} missing${named(missing)}, ${extra.length} extra${named(extra)}.`,
      {
        place: `${this.#target.place} collection ${name}`,
        hint:
          missing.length > 0
            ? "If documents of these ids were deleted here before, their deletion is newer than the import and hides it: use an empty database."
            : "Somebody else wrote to the target; import into an empty database.",
        details: { collection: name, missing: missing.slice(0, 1000), extra: extra.slice(0, 1000) },
      },
    );
  }

  #report(phase: string, name: string, done: number): void {
    const total = this.#source.collections.find((each) => each.name === name)!.documents;
    this.#options.onProgress({ phase, item: name, done, total, unit: "documents" });
  }
}

function note(examples: string[], { id }: DocumentRecord): void {
  if (examples.length < EXAMPLES) examples.push(id);
}

function named(list: readonly string[]): string {
  if (list.length === 0) return "";
  return ` (${list.slice(0, IDS_NAMED).join(", ")}${list.length > IDS_NAMED ? ", …" : ""})`;
}

/** Gathers a collection's records into batches, one kind in each. */
class Batcher {
  readonly #collection: string;
  readonly #limits: Pick<DocumentsOptions, "batchDocuments" | "batchBytes">;
  readonly #open = new Map<RecordKind, { records: DocumentRecord[]; bytes: number }>();

  constructor(collection: string, limits: Pick<DocumentsOptions, "batchDocuments" | "batchBytes">) {
    this.#collection = collection;
    this.#limits = limits;
  }

  /** Takes a record and gives the batch that it does not fit into any more, if there is one. */
  add(record: DocumentRecord): Batch | undefined {
    const kind = kindOf(record);
    const size = sizeInRequest(record);
    const { batchDocuments, batchBytes } = this.#limits;
    const open = this.#open.get(kind);
    if (open === undefined) {
      this.#open.set(kind, { records: [record], bytes: size });
      return undefined;
    }
    if (open.records.length < batchDocuments && open.bytes + size <= batchBytes) {
      open.records.push(record);
      open.bytes += size;
      return undefined;
    }
    this.#open.set(kind, { records: [record], bytes: size });
    return { collection: this.#collection, kind, records: open.records };
  }

  *rest(): Generator<Batch> {
    for (const [kind, { records }] of this.#open)
      yield { collection: this.#collection, kind, records };
  }
}

function hasExpired({ ttl }: DocumentRecord, now: bigint): boolean {
  return ttl !== undefined && Time.parse(ttl).toMicros() <= now;
}
