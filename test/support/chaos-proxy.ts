/** Networks as bad as they get, on loopback: between a client and a server that are both well. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import {
  type CannedServer,
  cannedServer,
  type CannedRequest,
  type Reply,
} from "./canned-server.ts";

/** What happens to one connection. Counts are of bytes that the server sends. */
export interface Chaos {
  /** Each piece arrives so much later, and up to `jitterMs` more. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Pieces are of so many bytes at most, each after the pause of `latencyMs`. */
  readonly pieceBytes?: number;
  /** The connection is reset after so many bytes. */
  readonly cutAfter?: number;
  /** The connection ends in good order after so many bytes, in the middle of whatever it is. */
  readonly endAfter?: number;
  /** Nothing arrives any more in either direction after so many bytes, and nobody says so. */
  readonly silentAfter?: number;
  /** What arrives after so many bytes is noise. */
  readonly noiseAfter?: number;
}

export interface ChaosProxyOptions {
  /** `http://127.0.0.1:port` of the server. */
  readonly endpoint: string;
  /** Called once a connection, in order; undefined leaves it alone. */
  readonly chaos?: (connection: number) => Chaos | undefined;
  /** Told of every piece that passes, in either direction. */
  readonly onPiece?: () => void;
  readonly random?: () => number;
}

/** A proxy of bytes: it knows nothing of HTTP. */
export class ChaosProxy implements AsyncDisposable {
  readonly endpoint: string;
  /** Connections taken so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What clients send, until there is no more of it. */
  readonly #sending = new Set<Promise<void>>();
  readonly #options: ChaosProxyOptions;

  private constructor(server: Server, options: ChaosProxyOptions) {
    this.#server = server;
    this.#options = options;
    const { port } = server.address() as AddressInfo;
    this.endpoint = `http://127.0.0.1:${port}`;
    server.on("connection", (socket) => this.#take(socket));
  }

  static async start(options: ChaosProxyOptions): Promise<ChaosProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ChaosProxy(server, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Resolves when no client is connected any more, and all that they have sent has been passed on. */
  async deserted(): Promise<void> {
    await Promise.all(this.#sending);
  }

  #take(client: Socket): void {
    const { hostname, port } = new URL(this.#options.endpoint);
    const server = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const chaos = this.#options.chaos?.(this.connections++) ?? {};
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    }
    const state = { silent: false };
    const sending = this.#carry(client, server, chaos, state, false);
    this.#sending.add(sending);
    void sending.then(() => this.#sending.delete(sending));
    void this.#carry(server, client, chaos, state, true);
  }

  async #carry(
    from: Socket,
    to: Socket,
    chaos: Chaos,
    state: { silent: boolean },
    isAnswer: boolean,
  ): Promise<void> {
    const { random = Math.random, onPiece } = this.#options;
    const { cutAfter = Infinity, endAfter = Infinity, noiseAfter = Infinity } = chaos;
    const { latencyMs = 0, jitterMs = 0, silentAfter = Infinity } = chaos;
    const limit = isAnswer ? Math.min(cutAfter, endAfter, silentAfter) : Infinity;
    let bytes = 0;
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (const piece of pieces(chunk, chaos.pieceBytes)) {
          if (latencyMs + jitterMs > 0) await pause(latencyMs + random() * jitterMs);
          onPiece?.();
          if (state.silent) continue;
          const passed = piece.subarray(0, Math.max(0, limit - bytes));
          const noisy = isAnswer && bytes + passed.length > noiseAfter;
          if (passed.length > 0 && !to.destroyed) to.write(noisy ? noise(passed, random) : passed);
          bytes += piece.length;
          if (bytes <= limit) continue;
          if (silentAfter === limit) state.silent = true;
          else if (cutAfter === limit) {
            to.resetAndDestroy();
            from.resetAndDestroy();
            return;
          } else {
            to.end();
            from.destroy();
            return;
          }
        }
      }
      if (!state.silent && !to.destroyed) to.end();
    } catch {
      // One side is gone; so is the other then, unless nobody is to know.
      if (!state.silent) to.destroy();
    }
  }
}

function* pieces(chunk: Buffer, bytes = Infinity): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += bytes) yield chunk.subarray(at, at + bytes);
}

function noise(like: Buffer, random: () => number): Buffer {
  return Buffer.from(Array.from(like, () => Math.floor(random() * 256)));
}

/** What happens to one request; undefined passes it on. */
export type RequestChaos = (request: CannedRequest) => Reply | "cut after" | "garbled" | undefined;

/** A proxy of requests, in HTTP/2 or HTTP/1.1, some of which it answers by itself or spoils. */
export function requestProxy(
  endpoint: string,
  chaos: RequestChaos,
  options: { readonly http1?: boolean } = {},
): Promise<CannedServer> {
  return cannedServer({
    ...options,
    reply: async (request) => {
      const fate = chaos(request);
      if (fate !== undefined && fate !== "cut after" && fate !== "garbled") return fate;
      const answer = await passOn(endpoint, request);
      if (fate === "cut after") return "cut";
      if (fate === undefined) return answer;
      // Half of it, said to be all.
      return { ...answer, body: answer.body.subarray(0, answer.body.length >> 1) };
    },
  });
}

async function passOn(endpoint: string, { method, path, headers, body }: CannedRequest) {
  const passed = Object.entries(headers).filter(
    ([name]) =>
      !name.startsWith(":") && !["host", "connection", "content-length", "te"].includes(name),
  );
  const answer = await fetch(endpoint + path, {
    method,
    headers: Object.fromEntries(passed),
    ...(method === "GET" ? {} : { body }),
  });
  const kept = [...answer.headers].filter(
    ([name]) =>
      ![
        "connection",
        "content-length",
        "transfer-encoding",
        "keep-alive",
        "content-encoding",
        "date",
      ].includes(name),
  );
  return {
    status: answer.status,
    headers: Object.fromEntries(kept),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}
