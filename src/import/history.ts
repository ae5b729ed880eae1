/**
 * The past of a source's collections, written into the target: every version under its own `ts`, every deletion.
 *
 * After the documents, and in two rounds. A version that is written before what came after it would show: so first
 * deletions that end a document, then all else, which then lies below a deletion or below the document. What has
 * neither in the target, because the document expired meanwhile or was refused, is left out.
 *
 * The collections were born with room for it (live 19): see `stages.ts`.
 */
import {
  type Admitted,
  type BatchSize,
  type Connection,
  historiesOf,
  historyEdge,
  PageFlow,
  snapshotTime,
} from "../fauna/fauna.ts";
import { mapConcurrent } from "../flow/flow.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import type { IdList } from "../values/id-list.ts";
import type { DocumentRecord } from "../values/record.ts";
import { withoutNulls } from "../values/without-nulls.ts";
import { Batcher } from "./batcher.ts";
import { Placeholders } from "./deleted-refs.ts";
import type { DocumentsOptions } from "./documents.ts";
import { hasExpired } from "./expired.ts";
import { compareHistories, historyMismatch } from "./history-proof.ts";
import { type HistoryTally, Tally } from "./history-tally.ts";
import { type HistorySource, type ImportSource, restoredHistory } from "./source.ts";
import { ServerFailures } from "./server-failures.ts";
import { type Batch, kindOf, sizeOf, writeBatch } from "./write.ts";

/** Documents whose last lines are looked at in one request. */
const ENDS = 250;

/** What a deletion that is a variable `r` says of itself. */
const ID = '{"select":"id","from":{"var":"r"}}';
const TS = '{"select":"ts","from":{"var":"r"}}';

export type { HistoryTally } from "./history-tally.ts";

export class HistoryRun {
  readonly #target: Connection;
  readonly #source: HistorySource | undefined;
  readonly #options: DocumentsOptions;
  readonly #placeholders: Placeholders;
  readonly #failures = new ServerFailures();
  readonly #tallies = new Map<string, Tally>();

  constructor(target: Connection, source: ImportSource, options: DocumentsOptions) {
    this.#target = target;
    this.#source = restoredHistory(source);
    this.#options = options;
    this.#placeholders = new Placeholders(target, options.signal);
    for (const { name } of this.#source?.collections ?? [])
      this.#tallies.set(name, new Tally(name));
  }

  get tallies(): readonly HistoryTally[] {
    return [...this.#tallies.values()];
  }

  /** Writes all of it. Repeating it changes nothing. @throws what is no version's fault. */
  async write(): Promise<void> {
    for (const tally of this.#tallies.values()) {
      tally.clear();
      await this.#each(this.#ends(tally.name), (ends) => this.#writeEnds(tally, ends), sizeOfIds);
      await this.#each(
        this.#batches(tally),
        (batch) => this.#write(tally, batch),
        (batch) => ("deletions" in batch ? sizeOfIds(batch.deletions) : sizeOf(batch)),
      );
    }
    if (this.#options.restoreDeletedRefs === true) await this.#placeholders.remove();
  }

  /**
   * Reads the past of the target again and compares it with what was written.
   *
   * @throws ArkError ERR_MISMATCH naming documents of which something is missing or extra.
   */
  async prove(): Promise<void> {
    const { signal, timeoutMs, now } = this.#options;
    const at = await snapshotTime(this.#target, { signal });
    for (const tally of this.#tallies.values()) {
      const { name } = tally;
      const edge = async (): Promise<bigint> => {
        const there = await historyEdge(this.#target, { collection: name, signal, timeoutMs });
        const here = (await this.#source!.edge?.(name)) ?? 0n;
        return here > there ? here : there;
      };
      let compared = 0;
      const { differing } = await compareHistories(this.#expected(tally), this.#told(tally, at), {
        edge,
        hasExpired: (record) => hasExpired(record, now()),
        onRecord: () => {
          if (++compared % 1000 === 0) this.#report("compare history", tally, compared);
        },
      });
      this.#report("compare history", tally, compared);
      if (differing.size > 0) throw historyMismatch(this.#target, name, differing);
    }
  }

  /** Counts what the target tells no more, now that its collections have the `history_days` that they had. */
  async countOutOfWindow(): Promise<void> {
    const { signal, now } = this.#options;
    const at = await snapshotTime(this.#target, { signal });
    for (const tally of this.#tallies.values()) {
      let all = 0;
      const { told } = await compareHistories(this.#expected(tally), this.#told(tally, at), {
        // What is told otherwise was found by the proof; here only what is not told counts.
        edge: () => Promise.resolve(at),
        hasExpired: (record) => hasExpired(record, now()),
        onRecord: () => all++,
      });
      tally.outOfWindow = all - told;
    }
  }

  /** What the target tells of the documents of which the source tells a past. */
  #told({ name: collection, ids }: Tally, at: bigint): AsyncGenerator<DocumentRecord> {
    const { signal, timeoutMs } = this.#options;
    // What was set aside for batches is free now. What is told and what is expected are read in step, so that neither
    // may wait for what the other holds.
    const flow = new PageFlow({ bytes: this.#options.flow.bytes.limit });
    const request = { collection, at, flow, signal, timeoutMs, withPresent: true };
    return recordsOf(historiesOf(this.#target, inBatches(ids), request));
  }

  /** Everything that is to be in the target, as it is to be there. */
  async *#expected(tally: Tally): AsyncGenerator<DocumentRecord> {
    for await (const { record } of this.#lines(tally.name)) {
      if (tally.isLeftOut(record) || tally.isRefused(record)) continue;
      yield tally.isExpired(record) ? deletion(record) : stripped(record);
    }
  }

  /** Runs work on several batches at once, each when there is room for it; the first failure stops all. */
  async #each<T>(
    batches: (signal: AbortSignal) => AsyncGenerator<T>,
    work: (batch: T) => Promise<void>,
    sizeOfBatch: (batch: T) => BatchSize,
  ): Promise<void> {
    const { signal, window, flow } = this.#options;
    const stop = new AbortController();
    const all = AbortSignal.any([signal, stop.signal]);
    const send = async (batch: Admitted<T>): Promise<void> => {
      try {
        await batch.send(work);
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    };
    try {
      const admitted = flow.admitted(batches(all), sizeOfBatch, all);
      const working = mapConcurrent(admitted, send, { concurrency: window });
      for await (const _ of working) signal.throwIfAborted();
    } finally {
      stop.abort();
    }
  }

  /** The last lines of documents. */
  #ends(name: string) {
    return async function* (this: HistoryRun, signal: AbortSignal) {
      let ends: End[] = [];
      for await (const { record, isLast } of this.#lines(name, signal)) {
        if (!isLast) continue;
        ends.push({ id: record.id, ts: record.ts, isDeletion: record.action === "delete" });
        if (ends.length < ENDS) continue;
        yield ends;
        ends = [];
      }
      if (ends.length > 0) yield ends;
    }.bind(this);
  }

  async #writeEnds(tally: Tally, ends: readonly End[]): Promise<void> {
    const { name } = tally;
    const deletions = ends.filter(({ isDeletion }) => isDeletion);
    const states = ends.filter(({ isDeletion }) => !isDeletion);
    await this.#delete(name, deletions);
    for (const id of await this.#notThere(name, states)) tally.leaveOut(id);
  }

  /** Those of some documents that the target does not show. */
  async #notThere(name: string, records: readonly Event[]): Promise<string[]> {
    if (records.length === 0) return [];
    const { signal, timeoutMs } = this.#options;
    const ref = `{"ref":{"collection":${printString(name)}},"id":{"var":"i"}}`;
    const list = JSON.stringify(records.map(({ id }) => id));
    const query = `{"map":{"lambda":"i","expr":{"exists":${ref}}},"collection":${list}}`;
    const { text } = await this.#target.v4(query, { idempotent: true, signal, timeoutMs });
    const answer = parseJson(text);
    const there = isJsonObject(answer) ? answer.get("resource") : undefined;
    return records.filter((_, i) => !Array.isArray(there) || there[i] !== true).map(({ id }) => id);
  }

  #batches(tally: Tally) {
    return async function* (this: HistoryRun, signal: AbortSignal): AsyncGenerator<HistoryBatch> {
      const { name } = tally;
      const { batchDocuments, now } = this.#options;
      const states = new Batcher(name, this.#options);
      let deletions: Event[] = [];
      for await (const { record, isLast } of this.#lines(name, signal)) {
        tally.read++;
        if (isLast) tally.ids.add(BigInt(record.id));
        if (tally.isLeftOut(record)) {
          tally.found("leftOut", record);
          continue;
        }
        if (record.action === "delete" || hasExpired(record, now())) {
          if (record.action === "delete") tally.written++;
          else tally.expire(record);
          // Those that end a document are there already.
          if (record.action === "delete" && isLast) continue;
          deletions.push(deletion(record));
          if (deletions.length < batchDocuments) continue;
          yield { deletions };
          deletions = [];
          continue;
        }
        const state = stripped(record);
        if (state !== record) tally.found("nulls", record);
        const full = states.add(state);
        if (full !== undefined) yield full;
      }
      if (deletions.length > 0) yield { deletions };
      yield* states.rest();
    }.bind(this);
  }

  async #write(tally: Tally, batch: HistoryBatch): Promise<void> {
    if ("deletions" in batch) {
      await this.#delete(tally.name, batch.deletions);
      return;
    }
    const { signal, timeoutMs, restoreDeletedRefs } = this.#options;
    if (restoreDeletedRefs === true) await this.#placeholders.make(batch.records);
    const refusals = await writeBatch(this.#target, batch, {
      signal,
      timeoutMs,
      failures: this.#failures,
    });
    for (const { record } of refusals) tally.refuse(record);
    tally.written += batch.records.length - refusals.length;
    for (const record of batch.records)
      if (record.extraText !== undefined) tally.found("lostMembers", record);
    this.#report("history", tally, tally.read);
  }

  async #delete(collection: string, records: readonly Event[]): Promise<void> {
    const { signal, timeoutMs, batchDocuments } = this.#options;
    const name = `{"collection":${printString(collection)}}`;
    const insert = `{"insert":{"ref":${name},"id":${ID}},"ts":${TS},"action":"delete"}`;
    for (let start = 0; start < records.length; start += batchDocuments) {
      const batch = records.slice(start, start + batchDocuments);
      const list = batch.map(({ id, ts }) => `{"id":"${id}","ts":${ts}}`).join(",");
      const each = `{"foreach":{"lambda":"r","expr":${insert}},"collection":{"quote":[${list}]}}`;
      await this.#target.v4(`{"do":[${each},null]}`, { idempotent: true, signal, timeoutMs });
    }
  }

  /** The lines of a collection's past; which is the last of its document is known when the next one is. */
  async *#lines(name: string, signal = this.#options.signal): AsyncGenerator<Line> {
    let held: DocumentRecord | undefined;
    for await (const records of this.#source!.records(name, signal)) {
      for (const record of records) {
        if (held !== undefined) yield { record: held, isLast: held.id !== record.id };
        held = record;
      }
    }
    if (held !== undefined) yield { record: held, isLast: true };
  }

  #report(phase: string, { name }: HistoryTally, done: number): void {
    const total = this.#source!.collections.find((each) => each.name === name)!.versions;
    this.#options.onProgress({ phase, item: name, done, total, unit: "records" });
  }
}

interface Line {
  readonly record: DocumentRecord;
  readonly isLast: boolean;
}

/** When something happened to a document. */
type Event = Pick<DocumentRecord, "id" | "ts">;

/** The last line of a document. */
interface End extends Event {
  readonly isDeletion: boolean;
}

type HistoryBatch = Batch | { readonly deletions: readonly Event[] };

/** Of what is sent without contents. */
function sizeOfIds({ length }: readonly Event[]): BatchSize {
  return { documents: length, bytes: 64 * length };
}

async function* inBatches(list: IdList): AsyncGenerator<readonly string[]> {
  const ids = list.ascending();
  for (let at = 0; at < ids.length; at += ENDS)
    yield Array.from(ids.subarray(at, at + ENDS), String);
}

async function* recordsOf(pages: ReturnType<typeof historiesOf>): AsyncGenerator<DocumentRecord> {
  for await (const { records } of pages) yield* records;
}

/** A version as v4 can write it, without nulls inside of arrays; the same object where it has none. */
function stripped(record: DocumentRecord): DocumentRecord {
  if (record.dataText === undefined || kindOf(record) !== "nulls") return record;
  return { ...record, dataText: withoutNulls(record.dataText) };
}

function deletion({ id, ts }: DocumentRecord): DocumentRecord {
  return { id, ts, action: "delete" };
}
