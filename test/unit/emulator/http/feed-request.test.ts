import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isAfter, parseCursor, printCursor } from "../../../../src/emulator/http/feed/cursor.ts";
import { InvalidBody, parseFeedRequest } from "../../../../src/emulator/http/feed/request.ts";

const parse = (
  body: string,
  endpoint: "feed" | "stream" = "feed",
): ReturnType<typeof parseFeedRequest> =>
  parseFeedRequest(Buffer.from(body), endpoint, (token) => token === "T");

function refusalOf(body: string, endpoint: "feed" | "stream" = "feed"): string {
  try {
    parse(body, endpoint);
  } catch (error) {
    if (error instanceof InvalidBody) return error.message;
    throw error;
  }
  return "accepted";
}

test("a cursor survives being printed", () => {
  const cursors = fc.record({
    ts: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    ordinal: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  });
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(parseCursor(printCursor(cursor))).toEqual(cursor);
    }),
  );
  fc.assert(
    fc.property(cursors, cursors, (a, b) => {
      expect(isAfter(a, b) || isAfter(b, a)).toBe(a.ts !== b.ts || a.ordinal !== b.ordinal);
    }),
  );
});

test("the cursor of 1970 is the server's", () => {
  expect(printCursor({ ts: 0n, ordinal: 0 })).toBe("gsEAAA==");
});

test("what is no cursor is told apart", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseCursor(text)).not.toThrow();
    }),
  );
  for (const text of ["", "nonsense", "gsEAAAA=", "gsE="])
    expect(parseCursor(text)).toBeUndefined();
});

test("a request says where to start and how much to give", () => {
  expect(parse('{"token":"T"}')).toEqual({ token: "T", from: undefined, pageSize: 16 });
  expect(parse('{"token":"T","start_ts":5,"page_size":2,"more":[]}')).toEqual({
    token: "T",
    from: { ts: 5n, ordinal: 0 },
    pageSize: 2,
  });
  expect(parse('{"token":"T","start_ts":5}', "stream").from?.ordinal).toBe(2 ** 31 - 1);
  const cursor = { ts: 7n, ordinal: 3 };
  expect(parse(`{"token":"T","cursor":"${printCursor(cursor)}"}`).from).toEqual(cursor);
});

test.for([
  ["", "No request body provided"],
  ["{}", "Invalid request body: Value for key token not found."],
  ['{"token":5}', "Invalid request body: Unexpected integer value 5."],
  ['{"token":"x"}', "Invalid request body: invalid event source provided."],
  ['{"token":"T","cursor":"x"}', "Invalid request body: invalid event cursor provided."],
  ['{"token":"T","page_size":0}', "Invalid request body: page size must be greater than zero."],
  [
    '{"token":"T","page_size":16001}',
    "Invalid request body: page size can not be greater than 16000.",
  ],
  ['{"token":"T","page_size":"x"}', "Invalid request body: Unexpected string value 'x'."],
  [
    '{"token":"T","cursor":"gsEAAA==","start_ts":1}',
    "Invalid request body: can not provide both `start_ts` and `cursor`.",
  ],
] as const)("%s is refused", ([body, message]) => {
  expect(refusalOf(body)).toBe(message);
});

test("a stream's refusals end without a full stop", () => {
  expect(refusalOf('{"token":"x"}', "stream")).toBe(
    "Invalid request body: invalid event source provided",
  );
});
