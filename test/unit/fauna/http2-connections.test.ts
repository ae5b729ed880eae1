/** What becomes of HTTP/2 connections that end, or on which nothing more is asked. */
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Session } from "node:http2";
import {
  createServer as createPlainServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../src/fauna/failure.ts";
import { HttpTransport } from "../../../src/fauna/http.ts";
import { Http2Wire } from "../../../src/fauna/http2.ts";

const REQUEST = {
  method: "POST",
  path: "/",
  headers: {},
  body: "1",
  idempotent: true,
  timeoutMs: 5_000,
} as const;

async function listening(server: Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const frame = (type: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  return Buffer.concat([head, payload]);
};
const SETTINGS = frame(4, Buffer.alloc(0));
/** Nothing was begun; `code` says why. */
const goaway = (code: number): Buffer => {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(code, 4);
  return frame(7, payload);
};

describe("an HTTP/2 connection", () => {
  it.each([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_ENHANCE_YOUR_CALM])(
    "that the server takes back in one breath with its settings (%i) is a refusal, worth another try",
    async (code) => {
      const sockets = new Set<Socket>();
      const server = createPlainServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.resume();
        socket.write(Buffer.concat([SETTINGS, goaway(code)]));
      });
      const transport = new HttpTransport({ endpoint: await listening(server) });
      const error: unknown = await transport.send(REQUEST).catch((thrown: unknown) => thrown);
      expect(failureOf(error)).toMatchObject({ kind: "refused", ambiguous: false, retry: true });
      await transport.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  );

  it("on which nothing more is asked ends with the transport, and what is under way on it", async () => {
    const sessions = new Set<ServerHttp2Session>();
    const server = createServer();
    let streams = 0;
    server.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
    });
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      streams++;
      // The first one is never answered, the answer of the second is lost.
      if (streams === 2) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (streams === 3) stream.respond({ ":status": 200 }, { endStream: true });
    });
    const transport = new HttpTransport({ endpoint: await listening(server) });
    const hanging = transport.send(REQUEST).catch((thrown: unknown) => thrown);
    await once(server, "stream");
    const lost = await transport.send(REQUEST).catch((thrown: unknown) => thrown);
    expect(failureOf(lost)?.kind).toBe("cut");
    expect((await transport.send(REQUEST)).status).toBe(200);
    expect(sessions.size).toBe(2);
    const ended = [...sessions].map((session) => once(session, "close"));
    await transport.close();
    expect(failureOf(await hanging)?.kind).toBe("cut");
    await Promise.all(ended);
    server.close();
  });

  it("on which nothing more is asked is closed with the last answer on it", async () => {
    const server = createServer();
    const sessions: ServerHttp2Session[] = [];
    server.on("session", (session) => sessions.push(session));
    let streams = 0;
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      if (++streams === 1) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else stream.respond({ ":status": 200 }, { endStream: true });
    });
    const wire = new Http2Wire(await listening(server), {
      idleMs: 3_600_000,
      pingMs: 15_000,
      settingsMs: 3_000,
    });
    const { signal } = new AbortController();
    const body = Buffer.from("1");
    const exchange = { ...REQUEST, body, signal, maxBytes: 1_000 };
    await wire.exchange(exchange).catch(() => {});
    await wire.exchange(exchange);
    expect(sessions).toHaveLength(2);
    if (!sessions[0]!.closed) await once(sessions[0]!, "close");
    expect(sessions[1]!.closed).toBe(false);
    wire.close();
    server.close();
  });
});
