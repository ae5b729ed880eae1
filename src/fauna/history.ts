/**
 * The history of a collection: every version and deletion that can still be read, up to a time. The one source of it
 * for export and import, and for whoever compares.
 *
 * Only v4 tells it. The refs that are there are listed, and those that went inside the window, which the events of
 * the set of documents tell; each document's events say when it changed, many documents in one request; and
 * each state is read as it was just before the next one came, which lies inside the window as long as anything
 * superseded does. Events themselves hold differences (facts §2.6), from which no state can be told exactly.
 */
import { ArkError } from "../errors/errors.ts";
import { mapConcurrent } from "../flow/flow.ts";
import { isJsonObject, JsonNumber, type Json, parseJson, printJson } from "../values/json.ts";
import { IdList } from "../values/id-list.ts";
import { compareIds } from "../values/record.ts";
import type { Connection } from "./connection.ts";
import type { HistoryOptions } from "./history-edge.ts";
import { type HistoryPage, readStates, type State, STATES } from "./history-states.ts";
import { checkListingEnd } from "./listing-end.ts";
import { PageFlow } from "./page-flow.ts";
import { at as asOf, collectionRef, selected } from "./query.ts";
import { ids } from "./refs.ts";

/** Documents whose events one request asks for, and events of each. More of them are asked for one by one. */
const DOCUMENTS = 250;
const EVENTS = 64;
const EVENTS_MORE = 10_000;
/** States that are held, about, before they are read. */
const STATES_HELD = 10_000;
/** Events of the set of documents in one request. */
const EVENTS_OF_SET = 4_000;

/** Requests under way at once. */
const AHEAD = 2;

/**
 * All of a collection's history up to a time but the versions that hold at that time, which are its documents.
 *
 * Memory grows with the documents that went out of the collection inside the window, by some bytes for each; with no
 * document's versions, however many they are.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window; ERR_MISMATCH when the listing of
 * the documents ends too early.
 */
export async function* historyPages(
  connection: Connection,
  options: HistoryOptions,
): AsyncGenerator<HistoryPage> {
  yield* historiesOf(connection, everyId(connection, options), options);
}

/**
 * The history of some documents, as {@link historyPages} tells it.
 *
 * @param pages ids, ascending.
 * @param withPresent also the versions that hold at the time.
 */
export async function* historiesOf(
  connection: Connection,
  pages: AsyncGenerator<readonly string[]>,
  options: HistoryOptions & { readonly withPresent?: boolean | undefined },
): AsyncGenerator<HistoryPage> {
  const answers = mapConcurrent(inBatches(pages), (batch) => eventsOf(connection, batch, options), {
    concurrency: AHEAD,
  });
  const { collection, flow = new PageFlow() } = options;
  const turns = flow.stream(collection, { most: STATES });
  for await (const { lists, size: first } of answers) {
    let [documents, size] = [0, first];
    let states: State[] = [];
    for (const { id, isThere, events: begun, after: more } of lists) {
      let list: EventList = { id, isThere, events: begun, isBegun: false };
      for (let after = more; after !== undefined;) {
        const [told, held] = beforeLast(list.events);
        states.push(...statesOf({ ...list, events: told, next: held[0] }, options));
        if (states.length >= STATES_HELD) {
          yield* readStates(connection, states, turns, { ...options, documents, size });
          [documents, size, states] = [0, 0, []];
        }
        const page = await moreEvents(connection, id, after, options);
        list = {
          ...list,
          events: [...held, ...page.events],
          isBegun: list.isBegun || told.length > 0,
        };
        size += page.size;
        ({ after } = page);
      }
      states.push(...statesOf(list, options));
      documents++;
    }
    yield* readStates(connection, states, turns, { ...options, documents, size });
  }
}

/** Consecutive events of one document up to the time, as the server tells them. */
interface EventList {
  readonly id: string;
  readonly events: readonly Event[];
  /** Whether there are some before these. */
  readonly isBegun: boolean;
  /** The one behind these. */
  readonly next?: Event | undefined;
  /** Whether the document is there at the time. */
  readonly isThere: boolean;
}

interface Event {
  readonly ts: bigint;
  readonly action: string;
}

/** All but the last event, of which only the one behind it tells how long it held, and those of the same time. */
function beforeLast(events: readonly Event[]): readonly [readonly Event[], readonly Event[]] {
  const last = events.at(-1)?.ts;
  const end = events.findIndex(({ ts }) => ts === last);
  return end < 0 ? [[], []] : [events.slice(0, end), events.slice(end)];
}

/** What is to be known of each event, but of the one that holds now. */
function statesOf(
  { id, events, isBegun, next, isThere }: EventList,
  { at, withPresent = false }: HistoryOptions & { readonly withPresent?: boolean | undefined },
): State[] {
  return events.flatMap(({ ts, action }, index): State[] => {
    if (action === "delete") return [{ id, ts, action }];
    const following = events[index + 1] ?? next;
    if (following === undefined && !withPresent) {
      // What is hidden by a ttl that has passed hides what was before it.
      return isThere || (!isBegun && index === 0) ? [] : [{ id, ts, action: "delete" }];
    }
    const readAt = following === undefined ? at : following.ts - 1n;
    return [{ id, ts, action: action === "update" ? "update" : "create", readAt }];
  });
}

interface EventLists {
  readonly lists: readonly (Pick<EventList, "id" | "events" | "isThere"> &
    Pick<EventPage, "after">)[];
  readonly size: number;
}

/** The first events of some documents. */
async function eventsOf(
  connection: Connection,
  batch: readonly string[],
  options: HistoryOptions,
): Promise<EventLists> {
  const { collection, at, signal, timeoutMs } = options;
  const ref = `{"ref":${collectionRef(collection)},"id":{"var":"i"}}`;
  const page = timesOf(`{"paginate":${ref},"events":true,"size":${EVENTS}}`);
  const row = `[${page},{"exists":${ref}}]`;
  const each = `{"map":{"lambda":"i","expr":${row}},"collection":${JSON.stringify(batch)}}`;
  const { text } = await connection.v4(asOf(at, each), { idempotent: true, signal, timeoutMs });
  const answers = resourceOf(text);
  if (!Array.isArray(answers) || answers.length !== batch.length) throw odd(connection);
  const lists = batch.map((id, index) => {
    const answer = answers[index];
    const [found, isThere] = Array.isArray(answer) ? answer : [];
    return { id, ...pageOf(found, connection, at), isThere: isThere === true };
  });
  return { lists, size: text.length };
}

/** The events of a document behind a cursor. */
async function moreEvents(
  connection: Connection,
  id: string,
  after: string,
  { collection, at, signal, timeoutMs }: HistoryOptions,
): Promise<EventPage & { readonly size: number }> {
  const document = `{"ref":${collectionRef(collection)},"id":${JSON.stringify(id)}}`;
  const cursor = `{"quote":${after}}`;
  const more = timesOf(
    `{"paginate":${document},"events":true,"size":${EVENTS_MORE},"after":${cursor}}`,
  );
  const call = { idempotent: true, signal, timeoutMs } as const;
  const { text } = await connection.v4(asOf(at, more), call);
  const page = pageOf(resourceOf(text), connection, at);
  if (page.after === after) throw odd(connection);
  return { ...page, size: text.length };
}

/** A page of events without what changed: `[[ts, action], …]`. */
function timesOf(page: string): string {
  const row = `[${selected("e", "ts")},${selected("e", "action")}]`;
  return `{"map":{"lambda":"e","expr":${row}},"collection":${page}}`;
}

interface EventPage {
  /** Those up to the time. */
  readonly events: readonly Event[];
  /** Text of the cursor to the next page. */
  readonly after: string | undefined;
}

function pageOf(json: Json | undefined, connection: Connection, at: bigint): EventPage {
  const data = isJsonObject(json) ? json.get("data") : undefined;
  if (!isJsonObject(json) || !Array.isArray(data)) throw odd(connection);
  const after = json.get("after");
  const events = data.map((event) => {
    const [ts, action] = Array.isArray(event) ? event : [];
    if (!(ts instanceof JsonNumber) || typeof action !== "string") throw odd(connection);
    return { ts: BigInt(ts.text), action };
  });
  return {
    events: events.filter(({ ts }) => ts <= at),
    after: after === undefined ? undefined : printJson(after),
  };
}

function resourceOf(text: string): Json | undefined {
  const answer = parseJson(text);
  return isJsonObject(answer) ? answer.get("resource") : undefined;
}

function odd(connection: Connection): ArkError {
  return new ArkError("ERR_PROTOCOL", "The answer is no page of events.", {
    place: connection.place,
  });
}

async function* inBatches(
  pages: AsyncGenerator<readonly string[]>,
): AsyncGenerator<readonly string[]> {
  for await (const page of pages) {
    for (let start = 0; start < page.length; start += DOCUMENTS)
      yield page.slice(start, start + DOCUMENTS);
  }
}

/** The ids of documents that are there at the time or were deleted inside the window, ascending. */
async function* everyId(
  connection: Connection,
  options: HistoryOptions,
): AsyncGenerator<readonly string[]> {
  const gone = await goneIds(connection, options);
  let next = 0;
  let end = "0";
  for await (const page of ids(connection, options)) {
    const last = page.at(-1)!;
    end = String(BigInt(last) + 1n);
    const merged: string[] = [];
    const there = new Set(page);
    for (; next < gone.length && compareIds(String(gone[next]), last) <= 0; next++) {
      const id = String(gone[next]);
      if (!there.has(id)) merged.push(id);
    }
    yield merged.length === 0 ? page : [...page, ...merged].toSorted(compareIds);
  }
  await checkListingEnd(connection, { ...options, end });
  for (; next < gone.length; next += DOCUMENTS)
    yield Array.from(gone.subarray(next, next + DOCUMENTS), String);
}

/**
 * Ids of documents that were there inside the window and are not at the time, because they were deleted or their ttl
 * has passed, ascending, each once. Those that came before the window and expired in it, no event tells (live 3).
 */
async function goneIds(
  connection: Connection,
  { collection, at, signal, timeoutMs }: HistoryOptions,
): Promise<BigUint64Array> {
  const found = new IdList();
  const isThere = `{"exists":${selected("e", "document")}}`;
  const row = `[${selected("e", "document", "id")},${isThere}]`;
  let after: string | undefined;
  do {
    const cursor = after === undefined ? "" : `,"after":{"quote":${after}}`;
    const page = `{"paginate":{"documents":${collectionRef(collection)}},"events":true,"size":${EVENTS_OF_SET}${cursor}}`;
    const query = `{"map":{"lambda":"e","expr":${row}},"collection":${page}}`;
    const { text } = await connection.v4(asOf(at, query), { idempotent: true, signal, timeoutMs });
    const resource = resourceOf(text);
    const data = isJsonObject(resource) ? resource.get("data") : undefined;
    if (!isJsonObject(resource) || !Array.isArray(data)) throw odd(connection);
    for (const event of data) {
      const [id, exists] = Array.isArray(event) ? event : [];
      if (typeof id !== "string") throw odd(connection);
      if (exists === false) found.add(BigInt(id));
    }
    const cursorAfter = resource.get("after");
    const next = cursorAfter === undefined ? undefined : printJson(cursorAfter);
    if (next !== undefined && next === after) throw odd(connection);
    after = next;
  } while (after !== undefined);
  return found.ascending();
}
