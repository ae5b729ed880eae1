import { fql } from "fauna";
import faunadb from "faunadb";
import { describe, expect, it } from "vitest";
import { ArkError, type ErrorCode } from "../../../src/errors/errors.ts";
import { connect, faunaCode, isV4Disabled } from "../../../src/fauna/fauna.ts";
import {
  cannedDatabase,
  v10Data,
  v10Error,
  v4Error,
  v4Resource,
} from "../../support/canned-database.ts";
import { cannedServer, inTurn, type Reply } from "../../support/canned-server.ts";

const { query: q } = faunadb;

async function failing(promise: Promise<unknown>): Promise<ArkError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(ArkError);
    return error as ArkError;
  }
  throw new Error("It should have failed.");
}

/** Values that every JavaScript driver would change on the way. */
const EXACT =
  '{"a":9007199254740993,"b":1.0,"c":-0.0,"10":1,"2":1,"__proto__":{},"@obj":{"@ts":"bad"}}';

describe("v4", () => {
  it("gives the answer's text and time untouched, for text and for the driver's expressions", async () => {
    await using at = await cannedDatabase(() => v4Resource(EXACT));
    for (const query of ['{"now":null}', Buffer.from('{"now":null}'), q.Now()]) {
      expect(await at.connection.v4(query)).toEqual({
        status: 200,
        text: `{"resource":${EXACT}}`,
        txnTime: 1795259107540000n,
        ops: { read: 0, write: 0, compute: 0 },
      });
    }
  });

  it("says what an answer has cost, as its headers do", async () => {
    const headers = { "x-byte-read-ops": "3", "x-byte-write-ops": "2", "x-compute-ops": "1" };
    await using at = await cannedDatabase(() => ({ body: '{"resource":1}', headers }));
    const { ops } = await at.connection.v4('{"now":null}');
    expect(ops).toEqual({ read: 3, write: 2, compute: 1 });
  });

  it("asks in API version 4, with the secret and the time there is", async () => {
    await using at = await cannedDatabase(() => v4Resource("1"));
    await at.connection.v4('{"now":null}', { timeoutMs: 1234 });
    await at.connection.v4(q.Now(), { timeoutMs: 1234 });
    for (const { path, headers, body } of at.server.requests) {
      expect(path).toBe("/");
      expect(body).toBe('{"now":null}');
      expect(headers).toMatchObject({
        authorization: "Bearer fnCannedSecret0123456789",
        "x-faunadb-api-version": "4",
        "x-query-timeout": "1234",
      });
    }
  });

  it("lets the driver compose expressions and write its own headers", async () => {
    await using at = await cannedDatabase(() => v4Resource("1"));
    await at.connection.v4(q.Create(q.Collection("c"), { data: { "@x": 1 } }));
    const [request] = at.server.requests;
    expect(JSON.parse(request!.body)).toEqual({
      create: { collection: "c" },
      params: { object: { data: { object: { "@x": 1 } } } },
    });
    expect(request!.headers["x-driver-env"]).toContain("driver=javascript");
  });
});

describe("v10", () => {
  it("gives the data's text untouched, for text, for the driver's queries and for bulk", async () => {
    await using at = await cannedDatabase(() => v10Data(EXACT));
    const answers = [
      await at.connection.v10("1"),
      await at.connection.v10(fql`1`),
      await at.connection.v10("x", { arguments: { x: '"1"' } }),
    ];
    for (const answer of answers) {
      expect(answer).toEqual({ dataText: EXACT, txnTs: 1795259107540001n, schemaVersion: 7n });
    }
  });

  it("splices arguments as they are", async () => {
    await using at = await cannedDatabase(() => v10Data("null"));
    const docs =
      '[{"10":{"@long":"9007199254740993"},"2":{"@double":"1.0"},"__proto__":{"a":"b"}}]';
    await at.connection.v10("docs.length", { arguments: { docs } });
    expect(at.server.requests[0]!.body).toBe(
      `{"query":"docs.length","arguments":{"docs":${docs}}}`,
    );
  });

  it("always asks for the tagged form", async () => {
    await using at = await cannedDatabase(() => v10Data("1"));
    await at.connection.v10("1", { linearized: true, typecheck: false });
    await at.connection.v10("x", { linearized: true, typecheck: false, arguments: { x: "1" } });
    for (const { path, headers } of at.server.requests) {
      expect(path).toBe("/query/1");
      expect(headers).toMatchObject({
        "x-format": "tagged",
        "x-linearized": "true",
        "x-typecheck": "false",
        "x-query-timeout-ms": "5000",
      });
    }
  });

  it("counts ops from the answer's stats", async () => {
    await using at = await cannedDatabase(() => v10Data("1"));
    await at.connection.v10("1");
    expect(at.connection.counters).toMatchObject({ computeOps: 1, readOps: 2, writeOps: 3 });
  });
});

describe("both protocols", () => {
  it("tell each other the newest transaction, so that each reads what the other wrote", async () => {
    await using at = await cannedDatabase(({ path }) =>
      path === "/" ? v4Resource("1") : v10Data("1", "1795259107540009"),
    );
    await at.connection.v4("1");
    await at.connection.v10("1");
    await at.connection.v4("1");
    await at.connection.v4(q.Now());
    await at.connection.v10("x", { arguments: { x: "1" } });
    const sent = at.server.requests.map(
      ({ headers }) => headers["x-last-seen-txn"] ?? headers["x-last-txn-ts"],
    );
    const newest = "1795259107540009";
    expect(sent).toEqual([undefined, "1795259107540000", newest, newest, newest]);
  });

  const cases: readonly [string, Reply, ErrorCode, string][] = [
    ["401", v4Error(401, "unauthorized", "Unauthorized"), "ERR_UNAUTHORIZED", "unauthorized"],
    ["403", v4Error(403, "permission denied", "No."), "ERR_FORBIDDEN", "permission denied"],
    ["404", v4Error(404, "instance not found", "No."), "ERR_DATABASE", "instance not found"],
    ["410", v4Error(410, "forbidden", "v4 disabled"), "ERR_DATABASE", "forbidden"],
    ["413", v4Error(413, "request too large", "Large."), "ERR_DATABASE", "request too large"],
    ["409", v4Error(409, "contended transaction", "C."), "ERR_TRY_AGAIN", "contended transaction"],
    ["429", v4Error(429, "too many requests", "T."), "ERR_TRY_AGAIN", "too many requests"],
    ["503", v4Error(503, "time out", "Read timed out"), "ERR_TRY_AGAIN", "time out"],
    ["500", v4Error(500, "internal server error", "O."), "ERR_DATABASE", "internal server error"],
  ];

  it.each(cases)("name a v4 refusal %s by its code", async (_status, reply, code, own) => {
    await using at = await cannedDatabase(() => reply);
    for (const query of ["1", q.Now()]) {
      const error = await failing(at.connection.v4(query));
      expect(error.code).toBe(code);
      expect(faunaCode(error)).toBe(own);
      expect(error.place).toBe(at.server.endpoint);
    }
  });

  it.each<[number, string, ErrorCode]>([
    [400, "invalid_query", "ERR_DATABASE"],
    [400, "permission_denied", "ERR_FORBIDDEN"],
    [401, "unauthorized", "ERR_UNAUTHORIZED"],
    [403, "forbidden", "ERR_FORBIDDEN"],
    [409, "contended_transaction", "ERR_TRY_AGAIN"],
    [429, "limit_exceeded", "ERR_TRY_AGAIN"],
    [440, "time_out", "ERR_TRY_AGAIN"],
  ])("name a v10 refusal %s %s by its code", async (status, own, code) => {
    await using at = await cannedDatabase(() => v10Error(status, own, "No."));
    for (const options of [{}, { arguments: { x: "1" } }]) {
      const error = await failing(at.connection.v10("1", options));
      expect(error.code).toBe(code);
      expect(faunaCode(error)).toBe(own);
    }
  });

  it("keep the driver's own error as the cause", async () => {
    await using v10 = await cannedDatabase(() =>
      v10Error(400, "constraint_failure", "No.", { constraint_failures: [{ message: "m" }] }),
    );
    const refused = await failing(v10.connection.v10("1"));
    expect((refused.cause as Error).name).toBe("ConstraintFailureError");
    await using v4 = await cannedDatabase(() => v4Error(404, "instance not found", "No."));
    expect(((await failing(v4.connection.v4(q.Now()))).cause as Error).name).toBe("NotFound");
  });

  it("keep position, failures and constraint failures in the details", async () => {
    await using v4 = await cannedDatabase(() => ({
      status: 400,
      body: '{"errors":[{"position":["create","params"],"code":"validation failed","description":"D.","failures":[{"field":["data","x"],"code":"c","description":"d"}]}]}',
    }));
    const refused = await failing(v4.connection.v4("1"));
    expect(refused.details).toMatchObject({
      position: ["create", "params"],
      failures: [{ field: ["data", "x"], code: "c", description: "d" }],
    });
    await using v10 = await cannedDatabase(() =>
      v10Error(400, "constraint_failure", "No.", {
        constraint_failures: [{ message: "m", paths: [["a", 0]] }],
      }),
    );
    expect((await failing(v10.connection.v10("1"))).details).toMatchObject({
      constraintFailures: [{ message: "m", paths: [["a", 0]] }],
      summary: "error: No.",
    });
  });

  it("say when a snapshot has expired, with both times", async () => {
    const text =
      "Requested timestamp 2026-11-21T13:00:00.000001Z less than minimum allowed timestamp 2026-11-21T13:05:00Z.";
    await using at = await cannedDatabase(({ path }) =>
      path === "/" ? v4Error(400, "bad request", text) : v10Error(400, "invalid_request", text),
    );
    for (const promise of [at.connection.v4("1"), at.connection.v10("1")]) {
      const error = await failing(promise);
      expect(error.code).toBe("ERR_SNAPSHOT_EXPIRED");
      expect(error.details).toMatchObject({
        requested: "2026-11-21T13:00:00.000001Z",
        oldest: "2026-11-21T13:05:00Z",
      });
    }
  });

  it("know a database in which v4 is switched off", async () => {
    await using at = await cannedDatabase(() => v4Error(410, "forbidden", "v4 is off."));
    expect(isV4Disabled(await failing(at.connection.v4("1")))).toBe(true);
  });

  it.each<[string, Reply, ErrorCode, string]>([
    ["a web page", { body: "<!DOCTYPE html><h1>Login" }, "ERR_ENDPOINT", "<!DOCTYPE html>"],
    ["a gateway's page", { status: 502, body: "<html>Bad Gateway" }, "ERR_TRY_AGAIN", "502"],
    ["text", { body: "hello" }, "ERR_PROTOCOL", '"hello"'],
    ["nothing", { body: "" }, "ERR_PROTOCOL", "empty body"],
    ["half of an answer", { body: '{"resource":{"a":' }, "ERR_PROTOCOL", "breaks off"],
  ])("say what came when %s answers", async (_name, reply, code, shown) => {
    await using at = await cannedDatabase(() => reply);
    const calls = [
      () => at.connection.v4("1"),
      () => at.connection.v4(q.Now()),
      () => at.connection.v10("1"),
      () => at.connection.v10("1", { arguments: { x: "1" } }),
    ];
    for (const call of calls) {
      const error = await failing(call());
      expect(error.code).toBe(code);
      expect(error.message).toContain(shown);
    }
  });

  it("repeat reads after an unclear answer, and writes only where they say that they may", async () => {
    for (const [idempotent, requests] of [
      [true, 2],
      [false, 1],
    ] as const) {
      await using at = await cannedDatabase(inTurn("cut", v4Resource("1")));
      const call = at.connection.v4("1", { idempotent });
      if (idempotent) await call;
      else expect((await failing(call)).details).toMatchObject({ ambiguous: true });
      expect(at.server.requests).toHaveLength(requests);
    }
  });

  it("stop when the caller gives up, through the drivers, too", async () => {
    await using at = await cannedDatabase(() => "hang");
    const calls = [
      (signal: AbortSignal) => at.connection.v4("1", { signal }),
      (signal: AbortSignal) => at.connection.v4(q.Now(), { signal }),
      (signal: AbortSignal) => at.connection.v10("1", { signal }),
    ];
    for (const call of calls) {
      const error = await failing(call(AbortSignal.timeout(30)));
      expect(error.code).toBe("ERR_INTERRUPTED");
    }
  });

  it("stop with the caller's own error", async () => {
    await using at = await cannedDatabase(() => "hang");
    const controller = new AbortController();
    const own = new ArkError("ERR_TERMINATED", "Stopped by SIGTERM.");
    setTimeout(() => controller.abort(own), 20);
    expect(await failing(at.connection.v4("1", { signal: controller.signal }))).toBe(own);
  });

  it("keep answers apart when many are under way", async () => {
    await using at = await cannedDatabase(({ path, body }) => {
      const n = /\d+/.exec(body)![0];
      return path === "/" ? v4Resource(n) : v10Data(n);
    });
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const v10 = await Promise.all(numbers.map((n) => at.connection.v10(`${n}`)));
    expect(v10.map(({ dataText }) => dataText)).toEqual(numbers.map(String));
    const v4 = await Promise.all(numbers.map((n) => at.connection.v4(q.Add(n))));
    expect(v4.map(({ text }) => text)).toEqual(numbers.map((n) => `{"resource":${n}}`));
  });
});

describe("connect", () => {
  it("sends nothing by itself", async () => {
    await using server = await cannedServer({ reply: () => "hang" });
    await connect({ endpoint: server.endpoint, secret: "x" }).close();
    expect(server.connections).toBe(0);
  });
});
