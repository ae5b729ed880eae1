import { constants, createServer as createHttp2Server } from "node:http2";
import { createServer, type Socket } from "node:net";
import { getEventListeners, once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { Counters } from "../../../src/fauna/counters.ts";
import { failureOf } from "../../../src/fauna/failure.ts";
import { HttpTransport, type HttpOptions } from "../../../src/fauna/http.ts";
import type { FaunaRequest } from "../../../src/fauna/transport.ts";
import { cannedServer, inTurn, type CannedOptions } from "../../support/canned-server.ts";

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/",
  headers: { authorization: "Bearer x" },
  body: '{"now":null}',
  idempotent: true,
  timeoutMs: 5_000,
};

/** A server that answers by script, and a transport that talks to it. */
async function pair(canned: CannedOptions, options: Partial<HttpOptions> = {}) {
  const server = await cannedServer(canned);
  const transport = new HttpTransport({ endpoint: new URL(server.endpoint), ...options });
  return {
    server,
    transport,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server.close();
    },
  };
}

async function failing(promise: Promise<unknown>): Promise<ArkError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(ArkError);
    return error as ArkError;
  }
  throw new Error("It should have failed.");
}

describe.each([{ http1: false }, { http1: true }])("HttpTransport, http1: $http1", ({ http1 }) => {
  it("sends text and bytes as they are and gives the answer's text", async () => {
    const body = '{"resource":{"a":9007199254740993,"b":1.0,"ü":"\\u0000😀"}}';
    await using at = await pair({ http1, reply: () => ({ status: 201, body }) }, { http1 });
    const answer = await at.transport.send({ ...REQUEST, body: '{"x":"ü😀"}' });
    expect(answer).toMatchObject({ status: 201, text: body, bytes: Buffer.byteLength(body) });
    expect(answer.headers["x-txn-time"]).toBe("1795259107540000");
    await at.transport.send({ ...REQUEST, body: Buffer.from('{"x":"ü😀"}') });
    expect(at.server.requests.map((request) => request.body)).toEqual([
      '{"x":"ü😀"}',
      '{"x":"ü😀"}',
    ]);
    expect(at.server.requests[0]).toMatchObject({ method: "POST", path: "/" });
    expect(at.server.requests[0]!.headers["authorization"]).toBe("Bearer x");
  });

  it("keeps a byte order mark at the beginning of an answer", async () => {
    await using at = await pair({ http1, reply: () => ({ body: "\uFEFF{}" }) }, { http1 });
    expect((await at.transport.send(REQUEST)).text).toBe("\uFEFF{}");
  });

  it("carries megabytes both ways", async () => {
    await using at = await pair(
      { http1, reply: ({ body }) => ({ body: body.repeat(3) }) },
      { http1 },
    );
    const body = "x".repeat(3_000_000);
    expect((await at.transport.send({ ...REQUEST, body })).bytes).toBe(9_000_000);
  });

  it("carries large bodies at once, as an import does", async () => {
    await using at = await pair({ http1, reply: ({ body }) => ({ body }) }, { http1 });
    const bodies = Array.from({ length: 20 }, (_, i) => String(i % 10).repeat(3_000_000));
    const answers = await Promise.all(
      bodies.map(async (body, i) => {
        // One after the other, while earlier ones are still under way.
        await new Promise((resolve) => setTimeout(resolve, i * 3));
        return at.transport.send({ ...REQUEST, body, timeoutMs: 30_000 });
      }),
    );
    expect(answers.every(({ text }, i) => text === bodies[i])).toBe(true);
  });

  it("uses one connection for requests one after the other", async () => {
    await using at = await pair({ http1, reply: () => ({ body: "{}" }) }, { http1 });
    for (let i = 0; i < 5; i++) await at.transport.send(REQUEST);
    expect(at.server.connections).toBe(1);
  });

  it("tells the server the time it has, by the header that the request names", async () => {
    await using at = await pair({ http1, reply: () => ({ body: "{}" }) }, { http1 });
    await at.transport.send({ ...REQUEST, timeoutHeader: "x-query-timeout-ms" });
    expect(at.server.requests[0]!.headers["x-query-timeout-ms"]).toBe("5000");
  });

  it("gives error statuses as answers", async () => {
    await using at = await pair({ http1, reply: () => ({ status: 503, body: "busy" }) }, { http1 });
    expect(await at.transport.send(REQUEST)).toMatchObject({ status: 503, text: "busy" });
  });

  it.each([
    ["before the first byte", "cut" as const],
    ["half-way", { body: "x".repeat(1000), cutAfter: 400 }],
  ])("calls an answer that is cut off %s ambiguous", async (_name, reply) => {
    await using at = await pair({ http1, reply: () => reply }, { http1 });
    const error = await failing(at.transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "cut", ambiguous: true });
    expect(error.code).toBe("ERR_TRY_AGAIN");
  });

  it("works again after a connection was cut", async () => {
    await using at = await pair({ http1, reply: inTurn("cut", { body: "{}" }) }, { http1 });
    await failing(at.transport.send(REQUEST));
    expect((await at.transport.send(REQUEST)).text).toBe("{}");
  });

  it("gives up at the deadline, and calls that ambiguous", async () => {
    await using at = await pair({ http1, reply: () => "hang" }, { http1, graceMs: 10 });
    const error = await failing(at.transport.send({ ...REQUEST, timeoutMs: 50 }));
    expect(failureOf(error)).toMatchObject({ kind: "deadline", ambiguous: true });
    expect(error.message).toContain("60 ms");
  });

  it("gives up at the deadline while bytes still drip in", async () => {
    const reply = { body: "x".repeat(1000), dripMs: 20 };
    await using at = await pair({ http1, reply: () => reply }, { http1, graceMs: 0 });
    const error = await failing(at.transport.send({ ...REQUEST, timeoutMs: 200 }));
    expect(failureOf(error)?.kind).toBe("deadline");
  });

  it("stops at once when the caller gives up, with the caller's own error", async () => {
    await using at = await pair({ http1, reply: () => "hang" }, { http1 });
    const controller = new AbortController();
    const reason = new ArkError("ERR_TERMINATED", "Stopped by SIGTERM.");
    const sending = failing(at.transport.send({ ...REQUEST, signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 30);
    expect(await sending).toBe(reason);
  });

  it("sends nothing when the caller has given up before", async () => {
    await using at = await pair({ http1, reply: () => ({ body: "{}" }) }, { http1 });
    const error = await failing(at.transport.send({ ...REQUEST, signal: AbortSignal.abort() }));
    expect(error.code).toBe("ERR_INTERRUPTED");
    expect(at.server.requests).toHaveLength(0);
  });

  it("stops reading an answer that is larger than it may hold", async () => {
    await using at = await pair(
      { http1, reply: () => ({ body: "x".repeat(100_000) }) },
      { http1, maxAnswerBytes: 50_000 },
    );
    const error = await failing(at.transport.send(REQUEST));
    expect(failureOf(error)?.kind).toBe("oversized");
  });

  it("refuses an answer that is not UTF-8", async () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    await using at = await pair({ http1, reply: () => ({ body }) }, { http1 });
    expect(failureOf(await failing(at.transport.send(REQUEST)))?.kind).toBe("garbled");
  });

  it("knows that nothing was sent when nothing listens", async () => {
    const server = await cannedServer({ reply: () => "cut" });
    await server.close();
    const transport = new HttpTransport({ endpoint: new URL(server.endpoint), http1 });
    const error = await failing(transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "unreachable", ambiguous: false });
    expect(error.code).toBe("ERR_ENDPOINT");
    expect(error.message).toContain("nothing listens");
  });

  it("counts requests, bytes and v4's ops", async () => {
    const counters = new Counters();
    const headers = { "x-byte-read-ops": "3", "x-byte-write-ops": "2", "x-compute-ops": "1" };
    await using at = await pair(
      { http1, reply: () => ({ body: "{}", headers }) },
      { http1, counters },
    );
    await at.transport.send(REQUEST);
    await at.transport.send(REQUEST);
    expect(counters.values).toMatchObject({
      requests: 2,
      bytesOut: 24,
      bytesIn: 4,
      readOps: 6,
      writeOps: 4,
      computeOps: 2,
    });
  });

  it("leaves no listener on a signal that outlives many requests", async () => {
    await using at = await pair({ http1, reply: () => ({ body: "{}" }) }, { http1 });
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) await at.transport.send({ ...REQUEST, signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("HttpTransport", () => {
  it("takes no requests once it is closed", async () => {
    await using at = await pair({ reply: () => ({ body: "{}" }) });
    await at.transport.send(REQUEST);
    await at.transport.close();
    await at.transport.close();
    expect((await failing(at.transport.send(REQUEST))).code).toBe("ERR_INTERRUPTED");
    expect(at.server.requests).toHaveLength(1);
  });
});

describe("HttpTransport over HTTP/2", () => {
  it("carries many requests at once over one connection", async () => {
    await using at = await pair({ reply: ({ body }) => ({ body }) });
    const bodies = Array.from({ length: 50 }, (_, i) => String(i));
    const answers = await Promise.all(
      bodies.map((body) => at.transport.send({ ...REQUEST, body })),
    );
    expect(answers.map(({ text }) => text)).toEqual(bodies);
    expect(at.server.connections).toBe(1);
  });

  it("knows that the server did not begin with a request that GOAWAY leaves out", async () => {
    await using at = await pair({ reply: inTurn({ body: "{}" }, "goaway", { body: "{}" }) });
    await at.transport.send(REQUEST);
    const error = await failing(at.transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "refused", ambiguous: false });
    expect((await at.transport.send(REQUEST)).text).toBe("{}");
  });

  it("asks nothing more on a connection on which an answer was lost, which may be ending", async () => {
    const server = createHttp2Server();
    let connections = 0;
    server.on("session", () => {
      const isFirst = ++connections === 1;
      server.once("stream", (stream) => {
        stream.on("error", () => {});
        if (isFirst) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        else stream.end("{}");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const transport = new HttpTransport({ endpoint: new URL(`http://127.0.0.1:${port}`) });
    const error = await failing(transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "cut", ambiguous: true });
    expect(await transport.send(REQUEST)).toMatchObject({ status: 200, text: "{}" });
    expect(connections).toBe(2);
    await transport.close();
    server.close();
  });

  it("goes on in HTTP/1.1 where the other side knows nothing else", async () => {
    await using server = await cannedServer({ http1: true, reply: () => ({ body: "{}" }) });
    const transport = new HttpTransport({ endpoint: new URL(server.endpoint) });
    const answers = await Promise.all([1, 2, 3].map(() => transport.send(REQUEST)));
    expect(answers.map(({ text }) => text)).toEqual(["{}", "{}", "{}"]);
    expect((await transport.send(REQUEST)).status).toBe(200);
    await transport.close();
  });

  it("notices a connection that has gone silent", async () => {
    await using silent = await goesSilent();
    const transport = new HttpTransport({ endpoint: new URL(silent.endpoint), pingMs: 100 });
    const error = await failing(transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "silent", ambiguous: true });
    await transport.close();
  });

  it("says so when what answers speaks no HTTP at all", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("SSH-2.0-OpenSSH_9.6\r\n");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const transport = new HttpTransport({ endpoint: new URL(`http://127.0.0.1:${port}`) });
    const error = await failing(transport.send(REQUEST));
    expect(error.code).toBe("ERR_PROTOCOL");
    expect(failureOf(error)?.kind).toBe("garbled");
    await transport.close();
    server.close();
  });
});

/** Speaks just enough HTTP/2 to be believed (its settings), and never says a word again. */
async function goesSilent() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.resume();
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
