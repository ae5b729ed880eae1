/** A real server on loopback that answers by script: whole, late, cut off, or not at all. */
import { once } from "node:events";
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";

export interface CannedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 1 for the first request of all. */
  readonly number: number;
}

/** What becomes of a request. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string | Buffer;
      /** Send this many bytes, then cut the connection. */
      readonly cutAfter?: number;
      /** Send one byte at a time with a pause between them, in milliseconds. */
      readonly dripMs?: number;
    }
  /** Cut the connection without an answer; `hang`: never answer; `goaway`: refuse the request by GOAWAY. */
  | "cut"
  | "hang"
  | "goaway";

export interface CannedServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly CannedRequest[];
  /** Connections taken so far. */
  readonly connections: number;
  close(): Promise<void>;
}

export interface CannedOptions {
  /** HTTP/1.1 instead of HTTP/2 with prior knowledge. */
  readonly http1?: boolean;
  readonly reply: (request: CannedRequest) => Reply | Promise<Reply>;
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

export async function cannedServer({ http1 = false, reply }: CannedOptions): Promise<CannedServer> {
  const requests: CannedRequest[] = [];
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  const cut = (request: AnyRequest): void => {
    const { remotePort } = request.socket;
    for (const socket of sockets) if (socket.remotePort === remotePort) socket.destroy();
  };
  const onRequest = async (request: AnyRequest, response: AnyResponse): Promise<void> => {
    const canned = await read(request, requests.length + 1);
    requests.push(canned);
    await act(await reply(canned), request, response, cut);
  };
  const listener = (request: AnyRequest, response: AnyResponse): void => {
    onRequest(request, response).catch(() => request.socket.destroy());
  };
  const server = http1 ? createHttp1(listener) : createHttp2(listener);
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The answers of a list, one after the other; the last one for ever. */
export function inTurn(...replies: readonly Reply[]): (request: CannedRequest) => Reply {
  return ({ number }) => replies[Math.min(number, replies.length) - 1]!;
}

async function read(request: AnyRequest, number: number): Promise<CannedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers as Record<string, string>,
    body: Buffer.concat(chunks).toString(),
    number,
  };
}

async function act(
  reply: Reply,
  request: AnyRequest,
  response: AnyResponse,
  cut: (request: AnyRequest) => void,
): Promise<void> {
  if (reply === "hang") return;
  if (reply === "cut") return cut(request);
  if (reply === "goaway") {
    const { stream } = request as Http2ServerRequest;
    // Streams above the number named here were not begun, says the server. Node cannot name 0, so this
    // works from a connection's second request on.
    stream.session?.goaway(0, stream.id! - 2);
    stream.close(8);
    return;
  }
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status ?? 200, {
    "content-type": "application/json;charset=utf-8",
    "content-length": String(body.length),
    "x-txn-time": "1795259107540000",
    ...reply.headers,
  });
  const writable = response as ServerResponse;
  if (reply.cutAfter !== undefined) {
    writable.write(body.subarray(0, reply.cutAfter));
    await pause(50);
    return cut(request);
  }
  if (reply.dripMs !== undefined) {
    for (const byte of body) {
      if (writable.destroyed) return;
      writable.write(Buffer.from([byte]));
      await pause(reply.dripMs);
    }
  } else writable.write(body);
  writable.end();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
