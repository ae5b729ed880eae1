import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { skipValue, walkArray, walkObject, walkWhole } from "../values/scan.ts";
import { Time } from "../values/time.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { PageTurns } from "./page-flow.ts";
import { nextPageOf } from "./paging.ts";

/** The elements of one page of a v10 set, as tagged texts, and the cursor to the next. */
export interface V10Page {
  readonly items: readonly string[];
  readonly after: string | undefined;
}

export interface V10PagesOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** Each page takes its turn. */
  readonly turns: PageTurns;
  /** Names used in the source, as tagged texts. */
  readonly arguments?: Readonly<Record<string, string>> | undefined;
}

/** The server refuses to give more elements in a page. */
export const V10_PAGE_MAX = 16_000;

/**
 * Everything in the set that the FQL expression `source` gives at a time, page by page; a page's turn is over when the
 * next is asked for. Sets that come out of `at` stay at its time through all later pages (live 2), and a page may be of
 * another size than those before.
 */
export async function* v10Pages(
  connection: Connection,
  source: string,
  { at, turns, arguments: names, signal, timeoutMs }: V10PagesOptions,
): AsyncGenerator<V10Page> {
  const snapshot = `{"@time":${printString(Time.fromMicros(at).toString())}}`;
  let after: string | undefined;
  do {
    const before = after;
    const { page, turn } = await turns.page(signal, async (each) => {
      const { size, maxAnswerBytes } = each;
      const [query, values] =
        before === undefined
          ? [`at(snapshot) { ${source}.pageSize(${size}) }`, { ...names, snapshot }]
          : [`Set.paginate(cursor, ${size})`, { cursor: printString(before) }];
      const { dataText } = await connection.v10(query, {
        arguments: values,
        idempotent: true,
        typecheck: false,
        // Where a smaller page can be asked for, that helps sooner than more time.
        onTimeout: size > 1 ? "report" : "repeat",
        maxAnswerBytes,
        signal,
        timeoutMs,
      });
      const cut = cutV10Page(dataText);
      each.arrived(cut.items.length, Buffer.byteLength(dataText));
      return cut;
    });
    try {
      yield page;
    } finally {
      turn.release();
    }
    after = nextPageOf(page, before, connection.place);
  } while (after !== undefined);
}

/** Cuts `{"@set":{"data":[…],"after"?}}`, or the same without its tag, as `Set.paginate` answers. */
function cutV10Page(text: string): V10Page {
  const items: string[] = [];
  let after: string | undefined;
  const page = (start: number): number =>
    walkObject(text, start, (name, at) => {
      if (name === "@set") return page(at);
      const end = skipValue(text, at);
      if (name === "after") after = stringIn(text.slice(at, end));
      if (name !== "data") return end;
      return walkArray(text, at, (itemAt) => {
        const itemEnd = skipValue(text, itemAt);
        items.push(text.slice(itemAt, itemEnd));
        return itemEnd;
      });
    });
  walkWhole(text, page);
  return { items, after };
}

function stringIn(text: string): string | undefined {
  const json = parseJson(text);
  return typeof json === "string" ? json : undefined;
}

/** The members of a tagged document, `{"@doc":{…}}` or, with keys that begin with `@`, `{"@doc":{"@object":{…}}}`. */
export function taggedMembers(text: string): ReadonlyMap<string, unknown> {
  let json = parseJson(text);
  for (const tag of ["@doc", "@object"]) {
    const inner = isJsonObject(json) && json.size === 1 ? json.get(tag) : undefined;
    if (inner !== undefined) json = inner;
  }
  return isJsonObject(json) ? json : new Map();
}
