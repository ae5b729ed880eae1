import { expect, test } from "vitest";
import type { Incoming } from "../../../../src/emulator/http/exchange.ts";
import { InvalidHeader, v10Params, v4Params } from "../../../../src/emulator/http/params.ts";

function request(headers: Readonly<Record<string, string>>): Incoming {
  return {
    method: "POST",
    path: "/",
    query: new URLSearchParams(),
    headers,
    body: Buffer.alloc(0),
    startedAt: 0,
  };
}

function v10Refusal(headers: Readonly<Record<string, string>>): string {
  try {
    v10Params(request(headers));
  } catch (error) {
    if (error instanceof InvalidHeader) return error.message;
    throw error;
  }
  return "accepted";
}

test("without headers, a request gets Fauna's defaults", () => {
  expect(v10Params(request({}))).toEqual({
    format: "simple",
    timeoutMs: 120_000,
    lastTxnTs: undefined,
    typecheck: undefined,
    performanceHints: false,
    queryTags: undefined,
  });
  expect(v4Params(request({}))).toMatchObject({ apiVersion: "2.1", timeoutMs: 120_000 });
});

test("headers say what they mean", () => {
  expect(
    v10Params(
      request({
        "x-format": "tagged",
        "x-last-txn-ts": "17",
        "x-query-timeout-ms": "600000",
        "x-typecheck": "TRUE",
        "x-query-tags": "a=b,c=d",
      }),
    ),
  ).toMatchObject({
    format: "tagged",
    lastTxnTs: 17n,
    timeoutMs: 600_000,
    typecheck: true,
    queryTags: "c=d,a=b",
  });
  expect(v4Params(request({ "x-faunadb-api-version": "4", "x-query-timeout": "5" }))).toMatchObject(
    {
      apiVersion: "4",
      timeoutMs: 5,
    },
  );
});

test.for([
  ["x-query-timeout-ms", "0", "Must be greater than 0."],
  ["x-query-timeout-ms", "600001", "Must be less than or equal to 600000."],
  ["x-query-timeout-ms", "x", "Invalid number 'x'."],
  ["x-last-txn-ts", "9999999999999999999", "Invalid timestamp '9999999999999999999'."],
  ["x-max-contention-retries", "8", "Must be between 0 and 7."],
  ["x-typecheck", "yes", "Must be a boolean value."],
  ["x-format", "xml", "Invalid format xml"],
  ["x-query-tags", "a b=c", "invalid tags"],
  ["x-query-tags", "a=1,a=2", "duplicate key"],
  ["x-query-tags", `${"k".repeat(41)}=v`, "invalid key"],
  ["x-query-tags", `k=${"v".repeat(81)}`, "invalid value"],
] as const)("%s: %s is refused", ([name, value, why]) => {
  expect(v10Refusal({ [name]: value })).toBe(`Invalid header '${name}': ${why}`);
});

test("an API version that is not one is refused", () => {
  expect(() => v4Params(request({ "x-faunadb-api-version": "6" }))).toThrow(
    "Unsupported or invalid API version '6'.",
  );
});
