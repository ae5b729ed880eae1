/**
 * Documents into a database that holds some already, in three passes over the source, each reading the target anew:
 * what would be done; doing it; and the proof, which is that nothing would be done any more.
 */
import { ArkError } from "../../errors/errors.ts";
import {
  type Admitted,
  BatchFlow,
  type BatchSize,
  type Connection,
  PageFlow,
} from "../../fauna/fauna.ts";
import { mapConcurrent } from "../../flow/flow.ts";
import { printString } from "../../values/json.ts";
import type { DocumentRecord } from "../../values/record.ts";
import { DeadLetters } from "../dead-letters.ts";
import { Placeholders } from "../deleted-refs.ts";
import type { DocumentsOptions } from "../documents.ts";
import { hasExpired } from "../expired.ts";
import { ServerFailures } from "../server-failures.ts";
import type { ImportSource } from "../source.ts";
import { type Batch, kindOf, writeBatch } from "../write.ts";
import { chunksOf } from "./chunks.ts";
import { type Chunk, readCounterparts } from "./counterparts.ts";
import { type ConflictPolicy, decide, type Decision } from "./decide.ts";
import { example, type MergeTally, newTally } from "./tally.ts";

export interface MergeOptions extends DocumentsOptions {
  readonly policy: ConflictPolicy;
  /** Whether documents that the source does not have are deleted. */
  readonly deleteExtra: boolean;
  /** Collections that give a ttl to whatever is written without one. */
  readonly withTtlDays: ReadonlySet<string>;
}

type Tallies = ReadonlyMap<string, MergeTally>;
type Decided = readonly (readonly [DocumentRecord, Decision])[];
type Visit = (chunk: Chunk, decided: Decided, extra: BigUint64Array) => Promise<void>;

const IDS_NAMED = 20;
const IDS_TOLD = 1000;
const DELETED_AT_ONCE = 500;
/** Documents of the target that a request asks for, at most. */
const PAGE = 4_000;

export class MergeRun {
  readonly #target: Connection;
  readonly #source: ImportSource;
  readonly #options: MergeOptions;
  readonly #placeholders: Placeholders;
  readonly #failures = new ServerFailures();
  /** Pages of the target. What is compared is there half as often as what is sent, for which the other half is. */
  readonly #pages: PageFlow;
  readonly #done: Tallies;
  readonly deadLetters: DeadLetters;

  constructor(target: Connection, source: ImportSource, options: MergeOptions) {
    this.#target = target;
    this.#source = source;
    this.#options = options;
    const underWay = { max: 2 * options.window, found: false };
    this.#pages = new PageFlow({ pageSize: PAGE, bytes: options.flow.bytes.limit, underWay });
    this.#placeholders = new Placeholders(target, options.signal);
    this.#done = this.#newTallies();
    this.deadLetters = new DeadLetters(options.deadLetterFile, target, options.signal);
  }

  /** What has been done. */
  get tallies(): readonly MergeTally[] {
    return [...this.#done.values()];
  }

  /** What would be done; writes nothing. */
  async plan(): Promise<readonly MergeTally[]> {
    const tallies = this.#newTallies();
    const wouldExpire = new Map<string, number>();
    await this.#pass("plan", tallies, async ({ collection }, decided, extra) => {
      const tally = tallies.get(collection)!;
      tally.extra += extra.length;
      for (const id of extra) example(tally.extraExamples, String(id));
      for (const [record, decision] of decided) {
        count(tally, record, decision);
        if (decision.do !== "write") continue;
        if (record.ttl === undefined && this.#options.withTtlDays.has(collection))
          wouldExpire.set(collection, (wouldExpire.get(collection) ?? 0) + 1);
      }
    });
    for (const [collection, documents] of wouldExpire)
      throw expiring(this.#target, collection, documents);
    return [...tallies.values()];
  }

  /**
   * Does it.
   *
   * @param extraMax documents that may be deleted; with more to delete it stops.
   */
  async write(extraMax: number): Promise<void> {
    let deleted = 0;
    try {
      await this.#pass("documents", this.#done, async (chunk, decided, extra) => {
        const tally = this.#done.get(chunk.collection)!;
        const refused = await this.#writeChunk(chunk, decided);
        for (const [record, decision] of decided) {
          if (refused.has(record)) {
            tally.refused++;
            tally.refusedIds.add(record.id);
          } else count(tally, record, decision);
        }
        if (!this.#options.deleteExtra || extra.length === 0) return;
        deleted += extra.length;
        if (deleted > extraMax) throw moreExtra(this.#target, chunk.collection);
        await this.#delete(chunk.collection, extra);
        tally.extra += extra.length;
        tally.deleted += extra.length;
        for (const id of extra) example(tally.extraExamples, String(id));
      });
      if (this.#options.restoreDeletedRefs === true) await this.#placeholders.remove();
    } finally {
      await this.deadLetters.close();
    }
  }

  /** @throws ArkError ERR_MISMATCH naming documents that are still to be written or deleted. */
  async prove(): Promise<void> {
    const wrong = new Map<string, Wrong>();
    await this.#pass("compare", this.#newTallies(), async ({ collection }, decided, extra) => {
      const { refusedIds } = this.#done.get(collection)!;
      const ids = decided
        .filter(([, decision]) => decision.do === "write" || decision.do === "fail")
        .map(([{ id }]) => id)
        .filter((id) => !refusedIds.has(id));
      const more = this.#options.deleteExtra ? extra : extra.subarray(0, 0);
      const found = ids.length + more.length;
      if (found === 0) return;
      const { count: before, ids: known } = wrong.get(collection) ?? { count: 0, ids: [] };
      const told = [...known, ...ids, ...Array.from(more.subarray(0, IDS_TOLD), String)];
      wrong.set(collection, { count: before + found, ids: told.slice(0, IDS_TOLD) });
    });
    for (const [collection, found] of wrong) throw mismatch(this.#target, collection, found);
  }

  /** Decides about every document whose ttl has not passed, by what the target has now. */
  async #pass(phase: string, tallies: Tallies, visit: Visit): Promise<void> {
    const stop = new AbortController();
    const { signal, window } = this.#options;
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      signal.throwIfAborted();
      const work = mapConcurrent(
        this.#admitted(stop.signal),
        async ({ item: chunk, send }) => {
          try {
            await send(() =>
              this.#decideChunk(chunk, tallies.get(chunk.collection)!, visit, stop.signal),
            );
            this.#report(phase, chunk.collection, tallies);
          } catch (error) {
            stop.abort(error);
            throw error;
          }
        },
        { concurrency: window },
      );
      for await (const _ of work) signal.throwIfAborted();
    } catch (error) {
      // The first failure is the reason; the others were stopped by it.
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The chunks, each when there is room for it. */
  #admitted(signal: AbortSignal): AsyncGenerator<Admitted<Chunk>> {
    const { window, batchDocuments, flow } = this.#options;
    const chunks = new BatchFlow({ window, batchDocuments, bytes: flow.bytes.limit / 2 });
    return chunks.admitted(this.#chunks(signal), sizeOf, signal);
  }

  async *#chunks(signal: AbortSignal): AsyncGenerator<Chunk> {
    const limits = { ...this.#options, coverAll: this.#options.deleteExtra };
    for (const { name } of this.#source.collections)
      yield* chunksOf(this.#source, name, limits, signal);
  }

  async #decideChunk(
    chunk: Chunk,
    tally: MergeTally,
    visit: Visit,
    signal: AbortSignal,
  ): Promise<void> {
    const { timeoutMs, policy } = this.#options;
    const { judged, extra } = await readCounterparts(this.#target, chunk, {
      flow: this.#pages,
      judge: (record, counterpart) => decide(policy, record, counterpart),
      signal,
      timeoutMs,
    });
    const now = this.#options.now();
    const alive = chunk.records.filter((record) => !hasExpired(record, now));
    tally.read += chunk.records.length;
    tally.expired += chunk.records.length - alive.length;
    const decided = alive.map((record) => [record, judged.get(record)!] as const);
    await visit(chunk, decided, extra);
  }

  /** @returns documents that the target refuses. */
  async #writeChunk({ collection }: Chunk, decided: Decided): Promise<ReadonlySet<DocumentRecord>> {
    const { signal, timeoutMs, restoreDeletedRefs } = this.#options;
    const conflict = decided.find(([, decision]) => decision.do === "fail");
    if (conflict !== undefined) throw meanwhile(this.#target, collection, conflict[0].id);
    const { deletedRefs } = this.#done.get(collection)!;
    const refused = new Set<DocumentRecord>();
    const failures = this.#failures;
    for (const batch of batches(collection, decided)) {
      if (restoreDeletedRefs === true) {
        const restored = await this.#placeholders.make(batch.records);
        deletedRefs.restored += restored.length;
        for (const { id } of restored) example(deletedRefs.examples, id);
      }
      const refusals = await writeBatch(this.#target, batch, { signal, timeoutMs, failures });
      await this.deadLetters.add(refusals);
      for (const { record } of refusals) refused.add(record);
    }
    for (const record of refused) {
      if ((await this.#placeholders.missing(record)).length === 0) continue;
      deletedRefs.refused++;
      example(deletedRefs.examples, record.id);
    }
    return refused;
  }

  async #delete(collection: string, ids: BigUint64Array): Promise<void> {
    const { signal, timeoutMs } = this.#options;
    const ref = `{"ref":{"collection":${printString(collection)}},"id":{"var":"i"}}`;
    const one = `{"if":{"exists":${ref}},"then":{"delete":${ref}},"else":null}`;
    for (let start = 0; start < ids.length; start += DELETED_AT_ONCE) {
      const some = Array.from(ids.subarray(start, start + DELETED_AT_ONCE), (id) => `"${id}"`);
      const each = `{"foreach":{"lambda":"i","expr":${one}},"collection":[${some.join(",")}]}`;
      await this.#target.v4(`{"do":[${each},null]}`, { idempotent: true, signal, timeoutMs });
    }
  }

  #newTallies(): Tallies {
    return new Map(this.#source.collections.map(({ name }) => [name, newTally(name)]));
  }

  #report(phase: string, name: string, tallies: Tallies): void {
    const total = this.#source.collections.find((each) => each.name === name)!.documents;
    const done = tallies.get(name)!.read;
    this.#options.onProgress({ phase, item: name, done, total, unit: "documents" });
  }
}

function sizeOf({ records, bytes }: Chunk): BatchSize {
  return { documents: records.length, bytes };
}

/** What is to be written, of one kind and manner each. */
function batches(collection: string, decided: Decided): Batch[] {
  const groups = new Map<string, Batch & { readonly records: DocumentRecord[] }>();
  for (const [record, decision] of decided) {
    if (decision.do !== "write") continue;
    const kind = kindOf(record);
    const { asOfNow } = decision;
    const key = `${kind} ${asOfNow}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { collection, kind, asOfNow, records: [record] });
    else group.records.push(record);
  }
  return [...groups.values()];
}

function count(tally: MergeTally, record: DocumentRecord, decision: Decision): void {
  switch (decision.do) {
    case "nothing":
      tally.there++;
      if (decision.otherTs) tally.otherTs++;
      return;
    case "keep":
      tally.kept++;
      example(tally.keptExamples, record.id);
      return;
    case "fail":
      tally.conflicts++;
      example(tally.conflictExamples, record.id);
      return;
    case "write":
      tally.written++;
      if (decision.as === "new") tally.created++;
      else tally.replaced++;
      if (record.extraText !== undefined) {
        tally.lostMembers.count++;
        example(tally.lostMembers.examples, record.id);
      }
      if (decision.asOfNow) {
        tally.asOfNow++;
        example(tally.asOfNowExamples, record.id);
      } else if (kindOf(record) === "nulls") {
        tally.newTs++;
        example(tally.newTsExamples, record.id);
      }
  }
}

function expiring(target: Connection, collection: string, documents: number): ArkError {
  return new ArkError(
    "ERR_TARGET_NOT_EMPTY",
    `The target's collection ${collection} has ttl_days, which would let ${documents} documents expire that have no ttl.`,
    {
      place: target.place,
      hint: `Take it away for the import and set it again afterwards: Collection.byName(${printString(collection)})!.update({ ttl_days: null })`,
    },
  );
}

function meanwhile(target: Connection, collection: string, id: string): ArkError {
  return new ArkError(
    "ERR_TARGET_NOT_EMPTY",
    `Somebody has changed ${collection} ${id} since the target was looked at.`,
    { place: target.place, hint: "Import again: what was written stays as it is." },
  );
}

function moreExtra(target: Connection, collection: string): ArkError {
  return new ArkError(
    "ERR_TRY_AGAIN",
    `More documents to delete have appeared in ${collection} than were confirmed.`,
    { place: target.place, hint: "Nobody else may write to the target meanwhile. Import again." },
  );
}

/** Documents that are not as they should be. */
interface Wrong {
  readonly count: number;
  /** Some of their ids. */
  readonly ids: readonly string[];
}

function mismatch(target: Connection, collection: string, { count: all, ids }: Wrong): ArkError {
  const named = `${ids.slice(0, IDS_NAMED).join(", ")}${all > IDS_NAMED ? ", …" : ""}`;
  return new ArkError(
    "ERR_MISMATCH",
    `${collection} does not hold what was written: ${all} documents are other than they should be (${named}).`,
    {
      place: `${target.place} collection ${collection}`,
      hint: "Somebody else may have written to the target meanwhile; import again.",
      details: { collection, ids },
    },
  );
}
