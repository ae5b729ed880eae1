/**
 * The stream of a collection's records at one time: the one source for export and verify.
 *
 * Pages are read through v4, whose text is exact, and cut into records without being parsed. Two things v4 cannot
 * say by itself: which listed documents can no longer be read (a ttl has passed), and which of the texts "NaN",
 * "Infinity" and "-Infinity" are numbers (live 11); such pages are asked about once more.
 */
import { ArkError } from "../errors/errors.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { cutPage } from "../values/page.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { failureOf } from "./failure.ts";
import { PageFlow, type PageTurn, type PageTurns } from "./page-flow.ts";
import { nextPageOf } from "./paging.ts";
import { at, refsPage, withDocuments, withReadableDocuments, type IdBounds } from "./query.ts";
import { faunaCode, faunaStatus, isV4Disabled } from "./refusal.ts";
import { settleNumbers } from "./settle-numbers.ts";
import { recordPagesByV10 } from "./v10-records.ts";

export interface RecordsOptions extends IdBounds, Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** The most documents a request asks for. Pages of large documents hold fewer. */
  readonly pageSize?: number | undefined;
  /** What several streams have in common: page size, pages under way, bytes held. It goes before `pageSize`. */
  readonly flow?: PageFlow | undefined;
}

/** Some consecutive records of a collection. */
export interface RecordPage {
  /** Ascending by id. */
  readonly records: readonly DocumentRecord[];
  /** Size of the answer they came in, in characters. */
  readonly size: number;
  /** Documents that were listed but cannot be read any more, because their ttl has passed. */
  readonly gone: number;
  /** Values that may be others than they look: only where v4 is switched off and v10 shows in its way what it cannot. */
  readonly lost: number;
}

/**
 * The records of a collection or of a range of its ids, at a time, ascending by id, page by page; while one page is
 * worked on the next is already asked for.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window, now or half-way.
 */
export async function* recordPages(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<RecordPage> {
  const reader = new PageReader(connection, options);
  let ahead: Promise<RawPage> | undefined = reader.read(undefined);
  let begun = false;
  let turn: PageTurn | undefined;
  try {
    while (ahead !== undefined) {
      const page: RawPage = await ahead;
      begun = true;
      turn = page.turn;
      ahead = page.after === undefined ? undefined : reader.read(page.after);
      // Whoever stops early never looks at the page ahead; its failure is then nobody's.
      ahead?.catch(() => {});
      if (page.records.length > 0 || page.gone > 0) yield page;
      // Whoever asks for the next page is done with this one.
      turn.release();
    }
  } catch (error) {
    // Once v4 has given a page, starting over through v10 would give its records again.
    if (begun || !isV4Disabled(error)) throw error;
    yield* recordPagesByV10(connection, options);
  } finally {
    reader.stop();
    turn?.release();
    await ahead?.then(
      (page) => page.turn.release(),
      () => {},
    );
  }
}

/** As {@link recordPages}, one by one. */
export async function* records(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<DocumentRecord> {
  for await (const page of recordPages(connection, options)) yield* page.records;
}

interface RawPage extends RecordPage {
  readonly turn: PageTurn;
  readonly after: string | undefined;
}

class PageReader {
  readonly #connection: Connection;
  readonly #options: RecordsOptions;
  readonly #turns: PageTurns;
  readonly #stop = new AbortController();
  /** Whether a listed document turned out to be unreadable: from then on each is asked about. */
  #careful = false;

  constructor(connection: Connection, options: RecordsOptions) {
    this.#connection = connection;
    this.#options = options;
    const flow = options.flow ?? new PageFlow({ pageSize: options.pageSize ?? 4_000 });
    this.#turns = flow.stream(options.collection);
    options.signal?.addEventListener("abort", this.#onAbort);
    if (options.signal?.aborted === true) this.#onAbort();
  }

  async read(after: string | undefined): Promise<RawPage> {
    for (;;) {
      const turn = await this.#turns.begin(this.#stop.signal);
      try {
        return await this.#page(after, turn);
      } catch (error) {
        turn.release();
        if (!this.#careful && faunaCode(error) === "instance not found") this.#careful = true;
        else if (!isTooMuch(error) || !this.#turns.tooMuch(turn, error)) throw error;
      }
    }
  }

  stop(): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#stop.abort();
  }

  readonly #onAbort = (): void => this.#stop.abort(this.#options.signal?.reason);

  async #page(after: string | undefined, turn: PageTurn): Promise<RawPage> {
    const refs = refsPage(this.#options, turn.size, after);
    const query = at(
      this.#options.at,
      this.#careful ? withReadableDocuments(refs) : withDocuments(refs),
    );
    const { timeoutMs } = this.#options;
    // Where a smaller page can be asked for, that helps sooner than more time.
    const onTimeout = turn.size > 1 ? "report" : "repeat";
    const calls = { idempotent: true, signal: this.#stop.signal, timeoutMs, onTimeout } as const;
    const { maxAnswerBytes } = turn;
    const work = { kind: "documents", documents: turn.size, maxAnswerBytes } as const;
    const { text } = await this.#connection.v4(query, { ...calls, ...work });
    const page = cutPage(text);
    this.#connection.moved(page.items.length);
    turn.arrived(page.items.length, text.length);
    const cut = page.items.map(({ record }) => record);
    // One search through the page spares thousands through its records.
    const settled = holdsNumberLikeString(text) ? await this.#settled(cut) : cut;
    return {
      records: settled,
      size: text.length,
      gone: page.gone + cut.length - settled.length,
      lost: 0,
      turn,
      after: nextPageOf(page, after, this.#connection.place),
    };
  }

  #settled(cut: readonly DocumentRecord[]): Promise<readonly DocumentRecord[]> {
    const { collection, timeoutMs, at: time } = this.#options;
    return settleNumbers(this.#connection, cut, {
      collection,
      at: time,
      timeoutMs,
      signal: this.#stop.signal,
    });
  }
}

/** Whether a smaller page could have worked. */
export function isTooMuch(error: unknown): boolean {
  const kind = failureOf(error)?.kind;
  if (kind === "oversized" || kind === "deadline") return true;
  if (!(error instanceof ArkError)) return false;
  const status = faunaStatus(error);
  const code = faunaCode(error);
  return code === "time out" || code === "time_out" || code === "value too large" || status === 440;
}
