/**
 * One port that speaks HTTP/1.1 and HTTP/2 without TLS. A client of HTTP/2 begins with a fixed
 * preface ("prior knowledge"), so the first bytes of a connection tell which of two servers gets it.
 */
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import type { Duplex } from "node:stream";
import { ArkError } from "../../errors/errors.ts";

/** The longest beginning that no HTTP/1 request shares with the preface of HTTP/2. */
const PREFACE = Buffer.from("PRI * HTTP/2.0");
/** Fauna closes a connection that has been idle for this long after an answer (live 35). */
const KEEP_ALIVE_MS = 5000;
/** A connection that says nothing, or stops in the middle of a request, is dropped. */
const SILENCE_MS = 30_000;
const MAX_CONCURRENT_STREAMS = 1000;
/** What a client may send ahead, in bytes: with HTTP/2's 64 KiB, large bodies come in pieces, each waited for. */
const WINDOW_BYTES = 8 * 1024 * 1024;

export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;
export type NodeResponse = http.ServerResponse | http2.Http2ServerResponse;

export interface Listener {
  readonly port: number;
  /** Stops listening and ends every connection; resolves when the port is free. May be called twice. */
  close(): Promise<void>;
}

/** Listens on `host:port`; port 0 takes a free one. */
export async function listen(
  options: { readonly host: string; readonly port: number },
  onRequest: (request: NodeRequest, response: NodeResponse) => void,
): Promise<Listener> {
  const http1 = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, onRequest);
  http1.timeout = SILENCE_MS;
  http1.on("clientError", (_error, socket: Duplex) => refuse(socket));
  const h2c = http2.createServer(
    {
      settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS, initialWindowSize: WINDOW_BYTES },
      // In MB. Node's 10 would refuse requests while a few large pages are under way.
      maxSessionMemory: 2_048,
    },
    onRequest,
  );
  const sessions = new Set<http2.Http2Session>();
  h2c.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(WINDOW_BYTES);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  h2c.on("sessionError", () => {});

  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    sniff(socket, (isHttp2) => (isHttp2 ? h2c : http1).emit("connection", socket));
  });
  await bind(server, options);

  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      })),
  };
}

function bind(
  server: net.Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new ArkError("ERR_ENDPOINT", `The emulator cannot listen on ${host}:${port}.`, {
          cause,
          place: `${host}:${port}`,
          hint: "Choose another port, or 0 for any free one.",
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}

/** Reads until the protocol is certain, puts everything back and hands the connection on. */
function sniff(socket: net.Socket, onProtocol: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const drop = (): void => void socket.destroy();
  const onReadable = (): void => {
    for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null) !== null;) {
      seen = Buffer.concat([seen, chunk]);
    }
    if (seen.length === 0) return;
    const compared = Math.min(seen.length, PREFACE.length);
    const couldBeHttp2 = seen.subarray(0, compared).equals(PREFACE.subarray(0, compared));
    if (couldBeHttp2 && seen.length < PREFACE.length) return;
    socket.off("readable", onReadable).off("end", drop).off("timeout", drop);
    socket.setTimeout(0);
    socket.unshift(seen);
    onProtocol(couldBeHttp2);
  };
  socket.setTimeout(SILENCE_MS);
  socket.on("readable", onReadable).once("end", drop).once("timeout", drop);
}

/** Answers what is not HTTP. */
function refuse(socket: Duplex): void {
  if (socket.writable) {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  } else socket.destroy();
}
