/**
 * The stream of a collection's records at one time: the one source for export and verify.
 *
 * Pages are read through v4, whose text is exact, and cut into records without being parsed. Two things v4 cannot
 * say by itself: which listed documents can no longer be read (a ttl has passed), and which of the texts "NaN",
 * "Infinity" and "-Infinity" are numbers (live 11); such pages are asked about once more.
 *
 * What is listed and cannot be read has not always expired: while the server writes the documents of a collection
 * anew in their places, as it does behind a schema that migrates them, each of them cannot be read for a moment,
 * not even at a past time (live 45). So what is missing is asked for again before it is passed over.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ArkError } from "../errors/errors.ts";
import { onAbort } from "../flow/flow.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { cutIdPage } from "../values/id-page.ts";
import { cutPage } from "../values/page.ts";
import { LostInWorker, packPageAside } from "../values/packing.ts";
import type { DocumentRecord } from "../values/record.ts";
import { type RecordBatch, RecordLines, recordsOf } from "../values/record-lines.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { PageFlow, type PageTurn, type PageTurns } from "./page-flow.ts";
import { pageHead } from "./page-head.ts";
import { nextPageOf } from "./paging.ts";
import {
  at,
  refsPage,
  unreadable,
  unreadableOf,
  withDocuments,
  withReadableDocuments,
  type IdBounds,
} from "./query.ts";
import { faunaCode, isV4Disabled } from "./refusal.ts";
import { settleNumbers } from "./settle-numbers.ts";
import { recordPagesByV10 } from "./v10-records.ts";

export interface RecordsOptions extends IdBounds, Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** The most documents a request asks for. Pages of large documents hold fewer. */
  readonly pageSize?: number | undefined;
  /** What several streams have in common: page size, pages under way, bytes held. It goes before `pageSize`. */
  readonly flow?: PageFlow | undefined;
  /** How many documents there are, as far as that is known: pages are then about as large as one another. */
  readonly documents?: number | undefined;
  /**
   * Told once nothing more will be asked for, before the last page is given. Of a server that prints cursors behind the
   * documents it may be told earlier, too.
   */
  readonly onLastPage?: (() => void) | undefined;
}

/** Some consecutive records of a collection, ascending by id. */
export interface LinePage {
  /** Lines where the page was of the usual form. */
  readonly records: RecordBatch;
  /** Size of the answer they came in, in bytes or, of text, in characters. */
  readonly size: number;
  /** Documents that were listed but cannot be read any more, because their ttl has passed. */
  readonly gone: number;
  /** Values that may be others than they look: only where v4 is switched off and v10 shows in its way what it cannot. */
  readonly lost: number;
}

/** Some consecutive records of a collection, ascending by id. */
export interface RecordPage extends LinePage {
  readonly records: readonly DocumentRecord[];
}

/**
 * The records of a collection or of a range of its ids, at a time, ascending by id, page by page; while one page is
 * worked on the next is already asked for.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window, now or half-way.
 */
export function recordPages(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<RecordPage> {
  return pages(connection, options, byText);
}

/** As {@link recordPages}, in the form that is the fastest to be had: for those who need not look at each record. */
export function linePages(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<LinePage> {
  return pages(connection, options, byBytes);
}

async function* pages<Batch extends RecordBatch>(
  connection: Connection,
  options: RecordsOptions,
  cut: Cutter<Batch>,
): AsyncGenerator<LinePage & { readonly records: Batch | readonly DocumentRecord[] }> {
  const reader = new PageReader(connection, options, cut);
  let coming: Coming<Batch> | undefined = reader.begin(undefined);
  let next: Coming<Batch> | undefined;
  let begun = false;
  let turn: PageTurn | undefined;
  try {
    while (coming !== undefined) {
      const cursor: string | undefined = await coming.cursor;
      next = cursor === undefined ? undefined : reader.begin(cursor);
      const page: RawPage<Batch> | undefined = await coming.page;
      if (page === undefined) {
        // What stands behind it goes first: it may hold the memory that the page needs, and begin elsewhere by then.
        await drop(next);
        coming = reader.begin(coming.after);
        continue;
      }
      begun = true;
      turn = page.turn;
      if (page.after !== cursor) {
        await drop(next);
        next = page.after === undefined ? undefined : reader.begin(page.after);
      }
      if (next === undefined) options.onLastPage?.();
      if (page.records.length > 0 || page.gone > 0) yield page;
      // Whoever asks for the next page is done with this one.
      turn.release();
      coming = next;
    }
  } catch (error) {
    // Once v4 has given a page, starting over through v10 would give its records again.
    if (begun || !isV4Disabled(error)) throw error;
    yield* recordPagesByV10(connection, options);
  } finally {
    reader.stop();
    turn?.release();
    await drop(coming);
    await drop(next);
  }
}

/** Stops a page that nobody will look at; its failure is nobody's, either. */
async function drop(coming: Coming<RecordBatch> | undefined): Promise<void> {
  coming?.stop();
  await coming?.page.then(
    (page) => page?.turn.release(),
    () => {},
  );
}

/** As {@link recordPages}, one by one. */
export async function* records(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<DocumentRecord> {
  for await (const page of recordPages(connection, options)) yield* page.records;
}

interface RawPage<Batch extends RecordBatch> extends LinePage {
  readonly records: Batch | readonly DocumentRecord[];
  readonly turn: PageTurn;
  readonly after: string | undefined;
}

/** A page that was asked for. */
interface Coming<Batch extends RecordBatch> {
  /** The cursor that it was asked for with; undefined for the first one. */
  readonly after: string | undefined;
  /**
   * The cursor of the page behind it, as soon as it can be told, which may be before the page is taken apart. Undefined
   * where it cannot; the page itself says whether there is one.
   */
  readonly cursor: Promise<string | undefined>;
  /** Undefined where it has to be asked for again. */
  readonly page: Promise<RawPage<Batch> | undefined>;
  /** Waits for it no longer. */
  readonly stop: () => void;
}

/** How often a page is asked for again because documents come and go, and how long is waited the most, in milliseconds. */
const ASK_AGAIN = 20;
const WAIT_MS = 500;

/** An answer, taken apart. */
interface Cut<Batch extends RecordBatch> {
  readonly records: Batch | readonly DocumentRecord[];
  readonly gone: number;
  readonly after?: string | undefined;
  /** Whether a text in it may be a number. */
  readonly isUnsettled: boolean;
}

/** Takes answers apart; the bytes are its own. */
type Cutter<Batch extends RecordBatch> = (
  body: Uint8Array<ArrayBuffer>,
  collection: string,
) => Cut<Batch> | Promise<Cut<Batch>>;

function byText(body: Uint8Array<ArrayBuffer>): Cut<never> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
  const { items, gone, after } = cutPage(text);
  // One search through the page spares thousands through its records.
  const isUnsettled = holdsNumberLikeString(text);
  return { records: items.map(({ record }) => record), gone, after, isUnsettled };
}

async function byBytes(
  body: Uint8Array<ArrayBuffer>,
  collection: string,
): Promise<Cut<RecordLines>> {
  const packed = await packPageAside(body, collection);
  if (packed instanceof Uint8Array) return byText(packed);
  const { lines, gone, after } = packed;
  const batch = lines === undefined ? [] : new RecordLines(collection, lines);
  return { records: batch, gone, after, isUnsettled: false };
}

/** One attempt at a page. */
interface Asking {
  readonly turn: PageTurn;
  readonly signal: AbortSignal;
  /** Takes the cursor of the page behind it, as soon as it is seen. */
  readonly tell: (cursor: string | undefined) => void;
}

class PageReader<Batch extends RecordBatch> {
  readonly #connection: Connection;
  readonly #options: RecordsOptions;
  readonly #cut: Cutter<Batch>;
  readonly #turns: PageTurns;
  readonly #stop = new AbortController();
  /** Waits for the caller's signal no longer. */
  readonly #end: () => void;
  /** Whether a listed document turned out to be unreadable: from then on each is asked about. */
  #careful = false;
  /** Documents in all pages that have come. */
  #asked = 0;
  /** Pages in a row that had to be asked for again because documents come and go. */
  #unsure = 0;

  constructor(connection: Connection, options: RecordsOptions, cut: Cutter<Batch>) {
    this.#connection = connection;
    this.#options = options;
    this.#cut = cut;
    const flow = options.flow ?? new PageFlow({ pageSize: options.pageSize ?? 4_000 });
    this.#turns = flow.stream(options.collection);
    const { signal } = options;
    this.#end = onAbort(signal, () => this.#stop.abort(signal!.reason));
    if (signal?.aborted === true) this.#stop.abort(signal.reason);
  }

  begin(after: string | undefined): Coming<Batch> {
    let tell!: (cursor: string | undefined) => void;
    const cursor = new Promise<string | undefined>((resolve) => (tell = resolve));
    const own = new AbortController();
    const stop = (): void => own.abort(this.#stop.signal.reason);
    const end = onAbort(this.#stop.signal, stop);
    if (this.#stop.signal.aborted) stop();
    const page = this.#read(after, own.signal, tell).finally(() => {
      end();
      tell(undefined);
    });
    // Whoever stops early never looks at it; its failure is then nobody's.
    page.catch(() => {});
    return { after, cursor, page, stop };
  }

  /** @returns undefined where asking once more, perhaps for less, is worth it. */
  async #read(
    after: string | undefined,
    signal: AbortSignal,
    tell: (cursor: string | undefined) => void,
  ): Promise<RawPage<Batch> | undefined> {
    const turn = await this.#turns.begin(signal, this.#wanted);
    try {
      const page = await this.#page(after, { turn, signal, tell });
      if (page === undefined) turn.release();
      return page;
    } catch (error) {
      turn.release();
      // No other worker takes its place, so that this ends.
      if (error instanceof LostInWorker) return undefined;
      if (!this.#careful && faunaCode(error) === "instance not found") this.#careful = true;
      else if (!this.#turns.tooMuch(turn, error)) throw error;
      return undefined;
    }
  }

  stop(): void {
    this.#end();
    this.#stop.abort();
  }

  /** Documents for the next page, of those that are left, so that none is asked for only a few. */
  get #wanted(): number | undefined {
    const left = (this.#options.documents ?? 0) - this.#asked;
    return left > 0 ? Math.ceil(left / Math.ceil(left / this.#turns.size)) : undefined;
  }

  /** @returns undefined where a document could not be read that is there. */
  async #page(after: string | undefined, asking: Asking): Promise<RawPage<Batch> | undefined> {
    const { turn, signal, tell } = asking;
    const refs = refsPage(this.#options, turn.size, after);
    const query = at(
      this.#options.at,
      this.#careful ? withReadableDocuments(refs) : withDocuments(refs),
    );
    const { collection, timeoutMs } = this.#options;
    // Where a smaller page can be asked for, that helps sooner than more time.
    const onTimeout = turn.size > 1 ? "report" : "repeat";
    const calls = { idempotent: true, signal, timeoutMs, onTimeout } as const;
    const { maxAnswerBytes } = turn;
    const work = { kind: "documents", documents: turn.size, maxAnswerBytes } as const;
    const body = await this.#connection.v4Body(query, { ...calls, ...work });
    const size = body.length;
    this.#asked += turn.size;
    const head = pageHead(body);
    if (head === "last") this.#options.onLastPage?.();
    else if (head !== undefined && head.after !== after) tell(head.after);
    const cut = await this.#cut(body, collection);
    const { length } = cut.records;
    this.#connection.moved(length);
    turn.arrived(length, size);
    const settled = cut.isUnsettled
      ? await this.#settled(recordsOf(cut.records), signal)
      : cut.records;
    if (cut.gone > 0 && !(await this.#haveExpired(cut.gone, refs, signal))) return undefined;
    return {
      records: settled,
      size,
      gone: cut.gone + length - settled.length,
      lost: 0,
      turn,
      after: nextPageOf(cut, after, this.#connection.place),
    };
  }

  /** Whether so many documents of a page cannot be read now either, nor when they are asked for by themselves. */
  async #haveExpired(gone: number, refs: string, signal: AbortSignal): Promise<boolean> {
    const { collection, timeoutMs, at: time } = this.#options;
    const calls = { idempotent: true, signal, timeoutMs } as const;
    const ask = async (query: string): Promise<readonly string[]> => [
      ...cutIdPage(await this.#connection.v4Body(at(time, query), calls)).ids,
    ];
    const first = await ask(unreadable(refs));
    const still = first.length === 0 ? first : await ask(unreadableOf(collection, first));
    if (still.length === gone) {
      this.#unsure = 0;
      return true;
    }
    if (++this.#unsure > ASK_AGAIN) {
      throw new ArkError(
        "ERR_TRY_AGAIN",
        `Documents of ${collection} come and go as they are read.`,
        {
          place: this.#connection.place,
          hint: "The server writes them anew, as it does behind a schema that migrates them; wait until it is done.",
        },
      );
    }
    if (this.#unsure > 1) await sleep(Math.min(WAIT_MS, 20 * this.#unsure), undefined, { signal });
    return false;
  }

  #settled(
    cut: readonly DocumentRecord[],
    signal: AbortSignal,
  ): Promise<readonly DocumentRecord[]> {
    const { collection, timeoutMs, at: time } = this.#options;
    return settleNumbers(this.#connection, cut, { collection, at: time, timeoutMs, signal });
  }
}
