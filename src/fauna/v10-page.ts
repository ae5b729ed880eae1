import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { skipValue, walkArray, walkObject, walkWhole } from "../values/scan.ts";
import { Time } from "../values/time.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { nextPageOf } from "./paging.ts";

/** The elements of one page of a v10 set, as tagged texts, and the cursor to the next. */
export interface V10Page {
  readonly items: readonly string[];
  readonly after: string | undefined;
}

export interface V10PagesOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** Elements a request asks for; the server refuses more than 16,000. */
  readonly pageSize: number;
  /** Names used in the source, as tagged texts. */
  readonly arguments?: Readonly<Record<string, string>> | undefined;
}

/**
 * Everything in the set that the FQL expression `source` gives at a time, page by page. Sets that come out of `at`
 * stay at its time through all later pages (live 2).
 */
export async function* v10Pages(
  connection: Connection,
  source: string,
  options: V10PagesOptions,
): AsyncGenerator<V10Page> {
  const { signal, timeoutMs, pageSize } = options;
  const calls = { idempotent: true, typecheck: false, signal, timeoutMs };
  const time = `{"@time":${printString(Time.fromMicros(options.at).toString())}}`;
  let { dataText } = await connection.v10(`at(snapshot) { ${source}.pageSize(${pageSize}) }`, {
    ...calls,
    arguments: { ...options.arguments, snapshot: time },
  });
  let before: string | undefined;
  for (;;) {
    const page = cutV10Page(dataText);
    yield page;
    before = nextPageOf(page, before, connection.place);
    if (before === undefined) return;
    const cursor = { cursor: printString(before) };
    ({ dataText } = await connection.v10("Set.paginate(cursor)", { ...calls, arguments: cursor }));
  }
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
