import { once } from "node:events";
import { createServer as createHttp1, type IncomingMessage } from "node:http";
import { createServer as createHttp2, type Http2ServerRequest } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { HttpTransport } from "../../../src/fauna/http.ts";
import type { FaunaRequest } from "../../../src/fauna/transport.ts";

interface Options {
  /** What the server takes over HTTP/2 before it says that it has taken some. */
  readonly window: number;
  readonly http1: boolean;
}

interface Answering {
  end(text: string): unknown;
}

/** A server of both protocols on one port, as Fauna is; it notes in which each request came, and its size. */
async function bothProtocols({ window, http1 }: Options) {
  const came: string[] = [];
  const take =
    (version: string) => (request: IncomingMessage | Http2ServerRequest, answer: Answering) => {
      let bytes = 0;
      request.on("data", (chunk: Buffer) => (bytes += chunk.length));
      request.on("end", () => {
        if (request.url !== "/ping") came.push(`${version} ${bytes}`);
        answer.end("{}");
      });
    };
  const one = createHttp1(take("1.1"));
  const two = createHttp2({ settings: { initialWindowSize: window } }, take("2"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("readable", () => {
      const head = socket.read() as Buffer | null;
      if (head === null) return;
      const isTwo = head.toString("latin1").startsWith("PRI ");
      if (!isTwo && !http1) return void socket.destroy();
      socket.unshift(head);
      (isTwo ? two : one).emit("connection", socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const transport = new HttpTransport({ endpoint });
  return {
    came,
    send: (bytes: number) =>
      transport.send({ ...REQUEST, body: new Uint8Array(bytes) }).then(({ status }) => status),
    async [Symbol.asyncDispose]() {
      await transport.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/",
  headers: {},
  idempotent: true,
  timeoutMs: 10_000,
};

const NARROW = 65_535;

it("sends bodies that are larger than what the server takes at once over HTTP/1.1, all others over HTTP/2", async () => {
  await using at = await bothProtocols({ window: NARROW, http1: true });
  for (const bytes of [10, NARROW, NARROW + 1, 200_000, 20]) expect(await at.send(bytes)).toBe(200);
  expect(at.came).toEqual(["2 10", "2 65535", "1.1 65536", "1.1 200000", "2 20"]);
});

it("sends them over HTTP/2 where the server takes more at once", async () => {
  await using at = await bothProtocols({ window: 1_000_000, http1: true });
  for (const bytes of [10, 200_000]) await at.send(bytes);
  expect(at.came).toEqual(["2 10", "2 200000"]);
});

it("sends them over HTTP/2 where the server speaks nothing else", async () => {
  await using at = await bothProtocols({ window: NARROW, http1: false });
  for (const bytes of [10, 200_000, 300_000]) expect(await at.send(bytes)).toBe(200);
  expect(at.came).toEqual(["2 10", "2 200000", "2 300000"]);
});
