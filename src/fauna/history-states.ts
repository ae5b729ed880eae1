/** The states that documents were in, each read as it was at a moment inside its own time. */
import { isArkError } from "../errors/errors.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { cutPage } from "../values/page.ts";
import type { DocumentRecord } from "../values/record.ts";
import { restoreDoubles } from "../values/restore-doubles.ts";
import { Time } from "../values/time.ts";
import type { Connection } from "./connection.ts";
import { historyEdge, type HistoryOptions } from "./history-edge.ts";
import type { PageSize } from "./paging.ts";
import { collectionRef, selected } from "./query.ts";
import { isTooMuch } from "./records.ts";

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
  /** Size of the answers that it came in, in characters. */
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

/** What one query asks v10 for at most. */
const SETTLED = 500;

/**
 * Reads states, in their order, as many in a request as fit. What has left the window since it was listed is no part
 * of any history any more and is left out.
 *
 * @param size how many fit, by those read before.
 */
export async function* readStates(
  connection: Connection,
  states: readonly State[],
  size: PageSize,
  options: HistoryOptions & Pick<HistoryPage, "documents" | "size">,
): AsyncGenerator<HistoryPage> {
  let { documents, size: read } = options;
  let left = states;
  do {
    const count = takeable(left, size.size);
    const asked = left.slice(0, count);
    let found: Found;
    try {
      found = await readSome(connection, asked, options);
    } catch (error) {
      if (isArkError(error, "ERR_SNAPSHOT_EXPIRED")) {
        const edge = await historyEdge(connection, options);
        if (edge > options.at) throw error;
        const still = left.filter((state) => state.ts >= edge || readTime(state) >= edge);
        if (still.length === left.length) throw error;
        left = still;
        continue;
      }
      if (!isTooMuch(error) || !size.halve()) throw error;
      continue;
    }
    size.saw(found.states, found.size);
    left = left.slice(count);
    const { records, expired } = found;
    yield { records, expired, documents, size: read + found.size };
    documents = 0;
    read = 0;
  } while (left.length > 0);
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

interface Found extends Pick<HistoryPage, "records" | "expired" | "size"> {
  readonly states: number;
}

async function readSome(
  connection: Connection,
  states: readonly State[],
  options: HistoryOptions,
): Promise<Found> {
  const living = states.filter((state): state is Living => state.action !== "delete");
  const text = living.length === 0 ? '{"resource":{"data":[]}}' : await ask(living);
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
  return { records: settled, expired, size: text.length, states: living.length };

  async function ask(asked: readonly Living[]): Promise<string> {
    const { collection, signal, timeoutMs } = options;
    const ref = `{"ref":${collectionRef(collection)},"id":${selected("s", "i")}}`;
    const time = selected("s", "t");
    const state = `{"if":{"exists":${ref},"ts":${time}},"then":{"get":${ref},"ts":${time}},"else":null}`;
    const list = asked.map(({ id, readAt }) => `{"i":"${id}","t":${readAt}}`).join(",");
    const each = `{"map":{"lambda":"s","expr":${state}},"collection":{"quote":[${list}]}}`;
    const onTimeout = asked.length > 1 ? "report" : "repeat";
    const call = { idempotent: true, signal, timeoutMs, onTimeout } as const;
    return (await connection.v4(`{"object":{"data":${each}}}`, call)).text;
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
