/** The states that documents were in, each read as it was at a moment inside its own time. */
import { isArkError } from "../errors/errors.ts";
import { release } from "../flow/flow.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { cutPage } from "../values/page.ts";
import type { DocumentRecord } from "../values/record.ts";
import { restoreDoubles } from "../values/restore-doubles.ts";
import { Time } from "../values/time.ts";
import type { Connection } from "./connection.ts";
import { historyEdge, type HistoryOptions } from "./history-edge.ts";
import type { PageTurn, PageTurns } from "./page-flow.ts";
import { collectionRef, selected } from "./query.ts";

/** A stretch of a history. */
export interface HistoryPage {
  /** Ascending by id, those of one document by time; each with its action. */
  readonly records: readonly DocumentRecord[];
  /**
   * Versions that Fauna shows no more because their ttl has passed (live 3). As nothing is to be seen from them on
   * until the next version, they are among the records as deletions.
   */
  readonly expired: readonly { readonly id: string; readonly ts: bigint }[];
  /** Documents whose events were looked at. */
  readonly documents: number;
  /** Size of the answers that it came in, in bytes or, of lists of events, in characters. */
  readonly size: number;
}

/** An event of a document, and when the state that it began can be read. */
export type State =
  | { readonly id: string; readonly ts: bigint; readonly action: "delete" }
  | {
      readonly id: string;
      readonly ts: bigint;
      readonly action: "create" | "update";
      readonly readAt: bigint;
    };

type Living = Exclude<State, { action: "delete" }>;

/** States that a request asks for, at most. */
export const STATES = 500;

/** An answer as text, and its bytes: these are no more to be held when it is looked at. */
interface Sized {
  readonly text: string;
  readonly size: number;
}

const NO_STATES: Sized = { text: '{"resource":{"data":[]}}', size: 0 };

/** What one query asks v10 for at most. */
const SETTLED = 500;

/**
 * Reads states, in their order, as many in a request as fit, each request in its turn. What has left the window since
 * it was listed is no part of any history any more and is left out.
 */
export async function* readStates(
  connection: Connection,
  states: readonly State[],
  turns: PageTurns,
  options: HistoryOptions & Pick<HistoryPage, "documents" | "size">,
): AsyncGenerator<HistoryPage> {
  let { documents, size: read } = options;
  let left = states;
  do {
    let taken: Taken;
    try {
      taken = await readFirst(connection, left, turns, options);
    } catch (error) {
      if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED")) throw error;
      const edge = await historyEdge(connection, options);
      if (edge > options.at) throw error;
      const still = left.filter((state) => state.ts >= edge || readTime(state) >= edge);
      if (still.length === left.length) throw error;
      left = still;
      continue;
    }
    const { records, expired, size, turn } = taken;
    try {
      yield { records, expired, documents, size: read + size };
    } finally {
      turn?.release();
    }
    left = left.slice(taken.count);
    documents = 0;
    read = 0;
  } while (left.length > 0);
}

interface Taken extends Found {
  /** How many states it is the answer to. */
  readonly count: number;
  /** That of the request; none where nothing had to be asked. */
  readonly turn: PageTurn | undefined;
}

/** Reads as many of the first states as fit. */
async function readFirst(
  connection: Connection,
  states: readonly State[],
  turns: PageTurns,
  options: HistoryOptions,
): Promise<Taken> {
  const living = states.filter(({ action }) => action !== "delete").length;
  if (living === 0) {
    const found = await readSome(connection, states, undefined, options);
    return { ...found, count: states.length, turn: undefined };
  }
  const ask = async (each: PageTurn) => {
    const count = takeable(states, each.size);
    return { ...(await readSome(connection, states.slice(0, count), each, options)), count };
  };
  const { page, turn } = await turns.page(options.signal, ask, living);
  return { ...page, turn };
}

function readTime(state: State): bigint {
  return state.action === "delete" ? state.ts : state.readAt;
}

/** How many of the first states hold so many that have to be read. Deletions cost nothing. */
function takeable(states: readonly State[], living: number): number {
  let seen = 0;
  const end = states.findIndex(({ action }) => action !== "delete" && ++seen > living);
  return end < 0 ? states.length : end;
}

type Found = Pick<HistoryPage, "records" | "expired" | "size">;

async function readSome(
  connection: Connection,
  states: readonly State[],
  turn: PageTurn | undefined,
  options: HistoryOptions,
): Promise<Found> {
  const living = states.filter((state): state is Living => state.action !== "delete");
  const { text, size } = living.length === 0 ? NO_STATES : await ask(living);
  turn?.arrived(living.length, size);
  // Whatever is not there is null in the answer, and no item.
  const items = cutPage(text).items.map(({ record }) => record);
  const records: DocumentRecord[] = [];
  const expired: { id: string; ts: bigint }[] = [];
  const moments = new Map<DocumentRecord, bigint>();
  let next = 0;
  for (const state of states) {
    const { id, ts, action } = state;
    if (action === "delete") {
      addDeletion(records, id, ts);
      continue;
    }
    const item = items[next];
    // A state that is not shown as it was told of lies below another of the same time, or its ttl has passed.
    if (item?.id !== id || item.ts !== ts) {
      if (item?.id === id && item.ts < ts) next++;
      expired.push({ id, ts });
      addDeletion(records, id, ts);
      continue;
    }
    next++;
    const record = { ...item, action };
    records.push(record);
    moments.set(record, state.readAt);
  }
  const settled = holdsNumberLikeString(text)
    ? await settle(connection, records, moments, options)
    : records;
  return { records: settled, expired, size };

  async function ask(asked: readonly Living[]): Promise<Sized> {
    const { collection, signal, timeoutMs } = options;
    const ref = `{"ref":${collectionRef(collection)},"id":${selected("s", "i")}}`;
    const time = selected("s", "t");
    const state = `{"if":{"exists":${ref},"ts":${time}},"then":{"get":${ref},"ts":${time}},"else":null}`;
    const list = asked.map(({ id, readAt }) => `{"i":"${id}","t":${readAt}}`).join(",");
    const each = `{"map":{"lambda":"s","expr":${state}},"collection":{"quote":[${list}]}}`;
    const onTimeout = asked.length > 1 ? "report" : "repeat";
    const maxAnswerBytes = turn?.maxAnswerBytes;
    const call = { idempotent: true, signal, timeoutMs, onTimeout, maxAnswerBytes } as const;
    const body = await connection.v4Body(`{"object":{"data":${each}}}`, call);
    const answer = {
      text: Buffer.from(body.buffer, body.byteOffset, body.length).toString(),
      size: body.length,
    };
    release(body);
    return answer;
  }
}

/** Adds a deletion, unless the document's last record is one of the same time. */
function addDeletion(records: DocumentRecord[], id: string, ts: bigint): void {
  const last = records.at(-1);
  if (last?.id === id && last.ts === ts && last.action === "delete") return;
  records.push({ id, ts, action: "delete" });
}

const DATA_QUERY = "states.map(s => at(s.t) { collection.byId(s.id)?.data })";

/** As `settleNumbers`, of states at moments of their own. */
async function settle(
  connection: Connection,
  records: readonly DocumentRecord[],
  moments: ReadonlyMap<DocumentRecord, bigint>,
  { collection, signal, timeoutMs }: HistoryOptions,
): Promise<readonly DocumentRecord[]> {
  const doubtful = records.filter(
    ({ dataText }) => dataText !== undefined && holdsNumberLikeString(dataText),
  );
  const settled = new Map<DocumentRecord, DocumentRecord>();
  for (let start = 0; start < doubtful.length; start += SETTLED) {
    const batch = doubtful.slice(start, start + SETTLED);
    const states = batch.map((record) => {
      const time = Time.fromMicros(moments.get(record)!).toString();
      return `{"id":"${record.id}","t":{"@time":"${time}"}}`;
    });
    const { dataText } = await connection.v10(DATA_QUERY, {
      arguments: {
        collection: `{"@mod":${printString(collection)}}`,
        states: `[${states.join(",")}]`,
      },
      idempotent: true,
      typecheck: false,
      signal,
      timeoutMs,
    });
    const datas = parseJson(dataText);
    batch.forEach((record, i) => {
      const data = Array.isArray(datas) ? datas[i] : undefined;
      // Its ttl has passed since v4 showed it: what it held, nobody tells any more.
      if (!isJsonObject(data)) return;
      const place = `${connection.place}, ${collection} ${record.id} at ${record.ts} `;
      settled.set(record, {
        ...record,
        dataText: restoreDoubles(record.dataText!, data, place),
      });
    });
  }
  return records.map((record) => settled.get(record) ?? record);
}
