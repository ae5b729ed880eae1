import * as fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ArkError, isArkError } from "../../../src/errors/errors.ts";
import {
  connect,
  definitions,
  identity,
  ping,
  pushSchema,
  records,
  redactor,
  rights,
  schemaFiles,
  scoped,
  scrub,
  snapshotTime,
  type Connection,
} from "../../../src/fauna/fauna.ts";
import { cannedServer, type CannedRequest, type Reply } from "../../support/canned-server.ts";

const SECRET = "fnAFabcdefghijklmnopqrstuvwxyz0123456789ABCD";

describe("redactor", () => {
  const secretText = fc
    .string({
      unit: fc.constantFrom("a", "b", "c", "X", "Y", "Z", "0", "1", "9", "_", "-", "."),
      minLength: 8,
      maxLength: 50,
    })
    .filter((text) => /^[a-zA-Z0-9]/.test(text));

  it("hides a secret wherever it stands, in every form it is sent in", () => {
    fc.assert(
      fc.property(
        secretText,
        fc.constantFrom("", ":admin", ":db/child:server"),
        (secret, scope) => {
          const redact = redactor([secret]);
          const forms = [
            `a ${secret}${scope} b`,
            `"authorization":"Bearer ${secret}${scope}"`,
            `Basic ${Buffer.from(`${secret}${scope}:`).toString("base64")}`,
            `?secret=${encodeURIComponent(secret + scope)}&x=1`,
          ];
          for (const form of forms) {
            expect(redact(form)).not.toContain(secret);
            expect(redact(form)).not.toContain("child");
          }
        },
      ),
    );
  });

  it("hides any Fauna key, its own or not", () => {
    expect(redactor([])(`key ${SECRET}:db:admin!`)).toBe("key ***");
  });

  it("keeps a text readable that only happens to hold a short secret as a word", () => {
    const redact = redactor(["secret"]);
    expect(redact("The secret is not valid.")).toBe("The secret is not valid.");
    expect(redact("secret:db/child:admin and Bearer secret")).toBe("*** and Bearer ***");
  });
});

describe("scrub", () => {
  it("keeps code, place, hint and details, and hides the secret in each of them", () => {
    const error = new ArkError("ERR_DATABASE", `message ${SECRET}`, {
      place: `place ${SECRET}`,
      hint: `hint ${SECRET}`,
      details: { a: [{ b: SECRET }], n: 1 },
      cause: Object.assign(new Error(`cause ${SECRET}`), { config: { auth: SECRET } }),
    });
    const clean = scrub(error, redactor([SECRET]));
    expect(inspect(clean, { depth: 20, showHidden: true })).not.toContain(SECRET);
    expect(clean).toMatchObject({ code: "ERR_DATABASE", place: "place ***", details: { n: 1 } });
  });
});

describe("scrub of an error without secrets", () => {
  it("gives the very same error back, so that a caller knows its own again", () => {
    const cause = new ArkError("ERR_USAGE", "inner");
    const error = new ArkError("ERR_TERMINATED", "Stopped.", {
      cause,
      details: { n: 1n, a: ["b"] },
    });
    expect(scrub(error, redactor([SECRET]))).toBe(error);
  });
});

describe("the drivers", () => {
  it("print no headers, whatever FAUNA_DEBUG says", async () => {
    const printed: unknown[] = [];
    const { log, debug, info, trace, warn, error } = console;
    const catcher = (...args: unknown[]): void => void printed.push(args);
    Object.assign(
      console,
      Object.fromEntries(
        Object.keys({ log, debug, info, trace, warn, error }).map((name) => [name, catcher]),
      ),
    );
    process.env["FAUNA_DEBUG"] = "0";
    try {
      await using server = await cannedServer({ reply: () => ({ body: '{"data":1,"txn_ts":1}' }) });
      const connection = connect({ endpoint: server.endpoint, secret: SECRET });
      await connection.v10("1");
      await connection.close();
    } finally {
      delete process.env["FAUNA_DEBUG"];
      Object.assign(console, { log, debug, info, trace, warn, error });
    }
    expect(printed).toEqual([]);
  });
});

/** Everything that a server could do to us while it knows the secret. */
const EVIL: readonly [string, (request: CannedRequest) => Reply][] = [
  ["echoes the header in a web page", echo((a) => ({ body: `<html>${a}</html>` }))],
  ["echoes it in text", echo((a) => ({ status: 400, body: a }))],
  ["echoes it in a v4 error", echo((a) => ({ status: 400, body: v4Error(a) }))],
  ["echoes it in a v4 refusal", echo((a) => ({ status: 403, body: v4Error(a) }))],
  ["echoes it in a v10 error", echo((a) => ({ status: 400, body: v10Error(a) }))],
  ["echoes it in a throttle", echo((a) => ({ status: 429, body: v10Error(a) }))],
  ["echoes it in broken JSON", echo((a) => ({ body: `{"resource":"${a}",` }))],
  ["echoes it in whole but wrong JSON", echo((a) => ({ body: JSON.stringify({ [a]: a }) }))],
  ["refuses the secret", () => ({ status: 401, body: v4Error("unauthorized") })],
  ["fails", () => ({ status: 500, body: v4Error("oops") })],
  ["switches v4 off", echo((a) => ({ status: 410, body: v4Error(a) }))],
  ["cuts the connection", () => "cut"],
  ["cuts the answer", echo((a) => ({ body: a.repeat(100), cutAfter: 500 }))],
  ["never answers", () => "hang"],
];

function echo(reply: (authorization: string) => Reply): (request: CannedRequest) => Reply {
  return ({ headers }) => reply(headers["authorization"] ?? "");
}

function v4Error(text: string): string {
  return JSON.stringify({ errors: [{ position: [text], code: text, description: text }] });
}

function v10Error(text: string): string {
  return JSON.stringify({ error: { code: text, message: text, abort: [text] }, summary: text });
}

const CALLS: readonly [string, (connection: Connection) => Promise<unknown>][] = [
  ["v4", (connection) => connection.v4('{"now":null}')],
  ["v10", (connection) => connection.v10("1")],
  ["v10 with arguments", (connection) => connection.v10("x", { arguments: { x: '"1"' } })],
  ["schemaFiles", schemaFiles],
  ["pushSchema", (connection) => pushSchema(connection, [], { override: false })],
  ["identity", identity],
  ["rights", rights],
  ["ping", ping],
  ["snapshotTime", snapshotTime],
  ["scoped", (connection) => scoped(connection, "kid")],
  ["definitions", (connection) => definitions(connection, "roles", { at: 1n })],
  ["records", (connection) => records(connection, { collection: "c", at: 1n }).next()],
];

describe.each(EVIL)("when the server %s", (_name, reply) => {
  it.each(CALLS)(
    "%s shows no secret in its error, its causes or its stack",
    async (_call, call) => {
      await using server = await cannedServer({ reply });
      const connection = connect({
        endpoint: server.endpoint,
        secret: `${SECRET}:admin`,
        timeoutMs: 40,
        graceMs: 0,
        retry: { attempts: 2, baseMs: 1 },
        onRetry: (event) => expect(JSON.stringify(event)).not.toContain(SECRET),
      });
      try {
        await call(connection);
      } catch (error) {
        expect(isArkError(error), inspect(error)).toBe(true);
        expect(inspect(error, { depth: 20, showHidden: true, getters: true })).not.toContain(
          SECRET,
        );
        expect(JSON.stringify(error)).not.toContain(SECRET);
      } finally {
        await connection.close();
      }
      expect(inspect(connection, { depth: 20, showHidden: true })).not.toContain(SECRET);
    },
  );
});
