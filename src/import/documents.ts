/** Streams a source's documents into the target in parallel batches, and proves afterwards that they are there. */
import type { BatchFlow, Connection } from "../fauna/fauna.ts";
import { eachConcurrent, mapConcurrent, type OnProgress } from "../flow/flow.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Batcher } from "./batcher.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Placeholders } from "./deleted-refs.ts";
import { hasExpired } from "./expired.ts";
import { IdRanges } from "./id-ranges.ts";
import { Present } from "./present.ts";
import type { DatabaseProgress, ProgressJournal } from "./progress.ts";
import { ServerFailures } from "./server-failures.ts";
import { CollectionProof, Moment } from "./proof.ts";
import type { ImportSource } from "./source.ts";
import { type CollectionTally, newCollectionTally } from "./tally.ts";
import { type Batch, kindOf, sizeOf, writeBatch } from "./write.ts";

export interface DocumentsOptions {
  readonly window: number;
  readonly batchDocuments: number;
  readonly batchBytes: number;
  /** What is sent to one target shares it: documents in a batch, batches at once, bytes of them. */
  readonly flow: BatchFlow;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly deadLetterFile: string;
  /** Whether references into collections that are no more are restored; refused without. */
  readonly restoreDeletedRefs?: boolean | undefined;
  /** The target's time, in microseconds, by which a ttl has passed or not. */
  readonly now: () => bigint;
}

const EXAMPLES = 10;

/** A range of ids of one collection, to be compared. */
interface Piece {
  readonly proof: CollectionProof;
  /** Of the collection, in the source's order. */
  readonly index: number;
  readonly range: number;
  readonly isLast: boolean;
}

/** Where an import notes how far it is, and what an earlier attempt of it has noted. */
export interface DocumentsJournal {
  readonly journal: ProgressJournal;
  /** The database, as the journal knows it. */
  readonly path: readonly string[];
  /** Whether there was an earlier attempt, of which documents may be there. */
  readonly goesOn: boolean;
}

export class DocumentsRun {
  readonly #target: Connection;
  readonly #source: ImportSource;
  readonly #options: DocumentsOptions;
  readonly #journal: DocumentsJournal;
  readonly #found: DatabaseProgress;
  #progress: DatabaseProgress;
  readonly #tallies = new Map<string, CollectionTally>();
  /** Ids that have to be in the target, by collection. */
  readonly #expected = new Map<string, IdRanges>();
  readonly deadLetters: DeadLetters;
  readonly #placeholders: Placeholders;
  readonly #failures = new ServerFailures();
  /** Batches that were read and are not written yet, by collection. */
  readonly #underWay = new Map<string, number>();
  /** Of the collections, so many first ones were read to their ends. */
  #allRead = 0;

  constructor(
    target: Connection,
    source: ImportSource,
    options: DocumentsOptions,
    journal: DocumentsJournal,
  ) {
    this.#target = target;
    this.#source = source;
    this.#options = options;
    this.#journal = journal;
    this.#found = journal.journal.found(journal.path);
    this.#progress = { ...this.#found, phase: "documents" };
    this.deadLetters = new DeadLetters(options.deadLetterFile, target, options.signal);
    this.#placeholders = new Placeholders(target, options.signal);
    for (const { name } of source.collections) {
      this.#tallies.set(name, newCollectionTally(name));
      this.#expected.set(name, new IdRanges());
    }
  }

  get tallies(): readonly CollectionTally[] {
    return [...this.#tallies.values()];
  }

  /** Writes every document that can be written and is not there yet. @throws what is no document's fault. */
  async write(): Promise<void> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(this.#options.signal.reason);
    this.#options.signal.addEventListener("abort", onAbort);
    const { flow } = this.#options;
    this.#note({});
    try {
      this.#options.signal.throwIfAborted();
      await eachConcurrent(
        flow.admitted(this.#batches(stop.signal), sizeOf, stop.signal),
        async ({ item, send }) => {
          try {
            await send((batch) => this.#writeBatch(batch, stop.signal));
            this.#options.signal.throwIfAborted();
            this.#ended(item);
            await this.#journal.journal.did();
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        },
        { concurrency: () => flow.window },
      );
      this.#options.signal.throwIfAborted();
      this.#reached(this.#source.collections.length);
      if (this.#options.restoreDeletedRefs === true) await this.#placeholders.remove();
    } catch (error) {
      // The first failure is the reason; the others were stopped by it.
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      this.#options.signal.removeEventListener("abort", onAbort);
      await this.deadLetters.close();
    }
  }

  async #writeBatch(batch: Batch, signal: AbortSignal): Promise<void> {
    const { timeoutMs, restoreDeletedRefs } = this.#options;
    const restored =
      restoreDeletedRefs === true ? await this.#placeholders.make(batch.records) : [];
    const failures = this.#failures;
    const refusals = await writeBatch(this.#target, batch, { signal, timeoutMs, failures });
    await this.deadLetters.add(refusals);
    const refused = new Set(refusals.map(({ record }) => record));
    this.#count(batch, refused);
    await this.#countDeletedRefs(batch.collection, restored, refused);
  }

  /** Batches end in any order: collections are written as far as none is under way. */
  #ended({ collection }: Batch): void {
    const underWay = this.#underWay.get(collection)! - 1;
    if (underWay > 0) this.#underWay.set(collection, underWay);
    else this.#underWay.delete(collection);
    const first = this.#source.collections.findIndex(({ name }) => this.#underWay.has(name));
    this.#reached(first < 0 ? this.#allRead : Math.min(first, this.#allRead));
  }

  /** Notes that all collections before this one are written. */
  #reached(index: number): void {
    if (index <= this.#progress.written) return;
    const again = this.tallies.flatMap(({ refused }, at) => {
      const isAgain = at < index ? refused > 0 : this.#found.again.includes(at);
      return isAgain ? [at] : [];
    });
    this.#note({ written: index, again });
  }

  #note(changes: Partial<DatabaseProgress>): void {
    this.#progress = { ...this.#progress, ...changes };
    this.#journal.journal.note(this.#journal.path, this.#progress);
  }

  /** Batches of one collection and kind each; records of the rarer kinds wait for one another. */
  async *#batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const { timeoutMs, batchBytes, flow } = this.#options;
    const limits = {
      batchBytes,
      get batchDocuments() {
        return flow.batchDocuments;
      },
    };
    for (const [index, { name }] of this.#source.collections.entries()) {
      const batcher = new Batcher(name, limits);
      const isWritten = this.#isWritten(index);
      const present =
        this.#journal.goesOn && !isWritten
          ? new Present(this.#target, name, { signal, timeoutMs })
          : undefined;
      try {
        for await (const records of this.#source.records(name, signal)) {
          const alive = this.#alive(name, records);
          if (isWritten) await this.#countThere(name, alive);
          else {
            for (const record of await this.#missing(name, alive, present)) {
              const full = batcher.add(record);
              if (full !== undefined) yield this.#begun(full);
            }
          }
        }
      } finally {
        await present?.close();
      }
      for (const batch of batcher.rest()) yield this.#begun(batch);
      this.#allRead = index + 1;
    }
  }

  #begun(batch: Batch): Batch {
    this.#underWay.set(batch.collection, (this.#underWay.get(batch.collection) ?? 0) + 1);
    return batch;
  }

  /** Whether an earlier attempt has noted that it wrote all of a collection. */
  #isWritten(index: number): boolean {
    return index < this.#found.written && !this.#found.again.includes(index);
  }

  /** Records without those that Fauna would not show because their ttl has passed. */
  #alive(name: string, records: readonly DocumentRecord[]): readonly DocumentRecord[] {
    const tally = this.#tallies.get(name)!;
    const now = this.#options.now();
    const alive = records.filter((record) => !hasExpired(record, now));
    this.#expected.get(name)!.saw(alive);
    tally.read += records.length;
    tally.expired += records.length - alive.length;
    return alive;
  }

  /**
   * What of the records is still to be written. One that is there is whole, because one Insert wrote it; but for those
   * with nulls inside arrays, which come in a request of their own behind it.
   */
  async #missing(
    name: string,
    records: readonly DocumentRecord[],
    present: Present | undefined,
  ): Promise<readonly DocumentRecord[]> {
    if (present === undefined) return records;
    const { missing, there } = await present.split(records);
    await this.#countThere(
      name,
      there.filter((record) => kindOf(record) !== "nulls"),
    );
    return [...missing, ...there.filter((record) => kindOf(record) === "nulls")];
  }

  /** Counts documents that an earlier attempt has written. */
  async #countThere(name: string, records: readonly DocumentRecord[]): Promise<void> {
    const tally = this.#tallies.get(name)!;
    tally.there += records.length;
    for (const record of records) {
      this.#countInTarget(name, record);
      if (this.#options.restoreDeletedRefs !== true) continue;
      if ((await this.#placeholders.missing(record)).length === 0) continue;
      tally.deletedRefs.restored++;
      note(tally.deletedRefs.examples, record);
    }
    if (records.length > 0) this.#reportWritten(name);
  }

  #count({ collection, records }: Batch, refused: ReadonlySet<DocumentRecord>): void {
    const tally = this.#tallies.get(collection)!;
    for (const record of records) {
      if (refused.has(record)) {
        tally.refused++;
        tally.refusedIds.add(record.id);
        continue;
      }
      tally.written++;
      this.#countInTarget(collection, record);
    }
    this.#reportWritten(collection);
  }

  /** What there is to say of a document that is in the target, whoever wrote it. */
  #countInTarget(collection: string, record: DocumentRecord): void {
    const { lostMembers, newTsExamples } = this.#tallies.get(collection)!;
    this.#expected.get(collection)!.add(record.id);
    if (record.extraText !== undefined) {
      lostMembers.count++;
      note(lostMembers.examples, record);
    }
    if (kindOf(record) !== "nulls") return;
    this.#tallies.get(collection)!.newTs++;
    note(newTsExamples, record);
  }

  #reportWritten(collection: string): void {
    const { written, refused, expired, there } = this.#tallies.get(collection)!;
    this.#report("documents", collection, written + refused + expired + there);
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
   * Lists the refs of every collection, of several and several ranges at once, and compares them with what was written.
   *
   * @throws ArkError ERR_MISMATCH naming ids that are missing or extra.
   */
  async prove(): Promise<void> {
    const { signal, window } = this.#options;
    const moment = new Moment(this.#target, signal);
    const proving = mapConcurrent(
      this.#unproved(moment),
      async (piece) => {
        await piece.proof.compare(piece.range);
        return piece;
      },
      { concurrency: window },
    );
    for await (const { proof, index, isLast } of proving) {
      if (isLast) {
        await proof.end();
        this.#note({ proved: Math.max(index + 1, this.#progress.proved) });
      }
      await this.#journal.journal.did();
    }
    await this.#journal.journal.closing(this.#journal.path, this.#progress);
  }

  /** Ranges of the collections that an earlier attempt has not compared, or that it did not finish. */
  async *#unproved(moment: Moment): AsyncGenerator<Piece> {
    const options = { ...this.#options, moment };
    for (const [index, tally] of this.tallies.entries()) {
      if (index < this.#found.proved && this.#isWritten(index)) continue;
      const ids = this.#expected.get(tally.name)!;
      const proof = new CollectionProof(this.#target, this.#source, { tally, ids }, options);
      const last = ids.count - 1;
      for (let range = 0; range <= last; range++)
        yield { proof, index, range, isLast: range === last };
    }
  }

  #report(phase: string, name: string, done: number): void {
    const total = this.#source.collections.find((each) => each.name === name)!.documents;
    this.#options.onProgress({ phase, item: name, done, total, unit: "documents" });
  }
}

function note(examples: string[], { id }: DocumentRecord): void {
  if (examples.length < EXAMPLES) examples.push(id);
}
