import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { Body } from "./body.ts";
import { aborted, failure, socketFailure } from "./failure.ts";
import { isWhole, plainHeaders, type Exchange, type Wire, type WireAnswer } from "./wire.ts";

/** Thrown instead of a failure when the other side is there but does not speak HTTP/2. */
export class NotHttp2 extends Error {}

export interface Http2Options {
  /** Makes the connection; undefined leaves it to Node (plain TCP, prior knowledge). */
  readonly socket?: (() => Promise<Duplex>) | undefined;
  /** How long an idle connection is kept. Fauna closes it after 5 s (live 35). */
  readonly idleMs: number;
  /** How often a connection with requests under way is asked whether it still lives. */
  readonly pingMs: number;
  /** How long the other side may take to say that it speaks HTTP/2. */
  readonly settingsMs: number;
}

/** Pages are megabytes: the default window of 64 KiB would make the server wait for us after each. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** What is known of one connection. */
interface Line {
  readonly session: ClientHttp2Session;
  open: number;
  /** Requests with higher numbers were not begun (GOAWAY). */
  lastStreamId: number;
  idle: NodeJS.Timeout | undefined;
  ping: NodeJS.Timeout | undefined;
  silent: boolean;
  /** An answer was lost on it: it is likely to end, and nothing new is asked on it. */
  lost: boolean;
}

/** HTTP/2 over one connection at a time; a new one is made when the old one ends. */
export class Http2Wire implements Wire {
  readonly #endpoint: URL;
  readonly #options: Http2Options;
  /** The one that is asked. */
  #line: Promise<Line> | undefined;
  /** All that have not ended, those on which nothing more is asked included. */
  readonly #lines = new Set<Line>();
  /** How many bytes of requests the other side lets come before it says that it has taken some; undefined until it is known. */
  takes: number | undefined;

  constructor(endpoint: URL, options: Http2Options) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  async exchange(exchange: Exchange): Promise<WireAnswer> {
    // A connection can end between two requests; nothing has been sent then, so another one is made.
    for (let attempt = 0; ; attempt++) {
      const opening = (this.#line ??= this.#connect());
      let line: Line;
      try {
        line = await abortable(opening, exchange.signal);
      } catch (error) {
        if (!exchange.signal.aborted) this.#forget(opening);
        throw error;
      }
      const stream = this.#start(line, exchange);
      if (stream !== undefined) return this.#finish(line, stream, exchange);
      this.#forget(opening);
      if (attempt === 2) {
        throw failure("refused", "The server keeps closing its connections.", {
          place: this.#endpoint.origin,
        });
      }
    }
  }

  close(): void {
    const opening = this.#line;
    this.#line = undefined;
    // Whoever closes may have just got an answer: Node corrupts its memory when a session is destroyed while it reads.
    setImmediate(() => this.#lines.forEach(({ session }) => session.destroy()));
    void opening?.then(
      ({ session }) => setImmediate(() => session.destroy()),
      () => {},
    );
  }

  /** The next request makes a new connection, unless one has been made already. */
  #forget(opening: Promise<Line>): void {
    if (this.#line === opening) this.#line = undefined;
  }

  async #connect(): Promise<Line> {
    const socket = await this.#options.socket?.();
    const session = connect(this.#endpoint, {
      // Node's limit of 10 MB would refuse new requests while a few large ones are under way.
      maxSessionMemory: 2_048,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      ...(socket === undefined ? {} : { createConnection: () => socket }),
    });
    await this.#settled(session);
    this.takes = session.remoteSettings?.initialWindowSize;
    session.setLocalWindowSize(WINDOW_BYTES);
    const line: Line = {
      session,
      open: 0,
      lastStreamId: Infinity,
      idle: undefined,
      ping: undefined,
      silent: false,
      lost: false,
    };
    session.on("goaway", (_code, lastStreamId) => (line.lastStreamId = lastStreamId));
    if (!session.destroyed) this.#lines.add(line);
    session.on("close", () => {
      this.#lines.delete(line);
      clearTimeout(line.idle);
      clearInterval(line.ping);
    });
    return line;
  }

  /** Waits for the other side's settings, the first proof that it speaks HTTP/2. */
  #settled(session: ClientHttp2Session): Promise<void> {
    return new Promise((resolve, reject) => {
      let connected = false;
      const notHttp2 = (): void => {
        session.destroy();
        reject(new NotHttp2());
      };
      const timer = setTimeout(notHttp2, this.#options.settingsMs);
      const finish = (action: () => void): void => {
        clearTimeout(timer);
        session.removeAllListeners("remoteSettings");
        action();
      };
      session.once("connect", () => (connected = true));
      session.once("remoteSettings", () => finish(resolve));
      session.on("error", (error) =>
        finish(() =>
          reject(connected ? new NotHttp2() : socketFailure(error, this.#endpoint.origin, false)),
        ),
      );
      session.once("close", () => finish(() => reject(new NotHttp2())));
    });
  }

  /** The stream of a new request; undefined when the connection takes no more of them. */
  #start(line: Line, exchange: Exchange): ClientHttp2Stream | undefined {
    const { session, lastStreamId, lost } = line;
    if (session.closed || session.destroyed || lost || lastStreamId !== Infinity) return undefined;
    const { method, path, headers, body } = exchange;
    try {
      return session.request(
        {
          ...headers,
          ":method": method,
          ":path": path,
          ...(body === undefined ? {} : { "content-length": body.byteLength }),
        },
        { endStream: body === undefined },
      );
    } catch {
      return undefined;
    }
  }

  #finish(line: Line, stream: ClientHttp2Stream, exchange: Exchange): Promise<WireAnswer> {
    this.#busy(line);
    const place = this.#endpoint.origin;
    return new Promise<WireAnswer>((resolve, reject) => {
      let status = 0;
      let headers: Record<string, string> = {};
      let ended = false;
      let body: Body | undefined;
      let problem: unknown;
      let sent = !stream.pending;
      let cancelled = false;
      const cancel = (): void => {
        cancelled = true;
        stream.close(constants.NGHTTP2_CANCEL);
      };
      const onAbort = (): void => {
        reject(exchange.signal.reason);
        cancel();
      };
      stream.on("ready", () => (sent = true));
      stream.on("response", (fields) => {
        status = Number(fields[":status"]);
        headers = plainHeaders(fields);
      });
      stream.on("data", (chunk: Buffer) => {
        if (cancelled) return;
        body ??= new Body(headers, exchange.maxBytes);
        body.take(chunk);
        if (body.bytes > exchange.maxBytes) {
          reject(
            failure("oversized", `The answer is larger than ${exchange.maxBytes} bytes.`, {
              place,
            }),
          );
          cancel();
        }
      });
      stream.on("end", () => (ended = true));
      stream.on("error", (error) => (problem = error));
      stream.on("close", () => {
        exchange.signal.removeEventListener("abort", onAbort);
        const bytes = body?.bytes ?? 0;
        const whole = ended && !stream.aborted && status !== 0 && isWhole(headers, bytes);
        if (whole) return resolve({ status, headers, body: body?.finish() ?? Buffer.alloc(0) });
        body?.drop();
        if (!cancelled) reject(this.#lost(line, stream, { sent, bytes, problem }));
      });
      exchange.signal.addEventListener("abort", onAbort);
      if (exchange.signal.aborted) return onAbort();
      if (exchange.body !== undefined) stream.end(exchange.body);
    }).finally(() => this.#idle(line));
  }

  #lost(
    line: Line,
    stream: ClientHttp2Stream,
    { sent, bytes, problem }: { sent: boolean; bytes: number; problem: unknown },
  ): Error {
    const place = this.#endpoint.origin;
    const unbegun =
      !sent ||
      stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ||
      (stream.id !== undefined && stream.id > line.lastStreamId);
    if (unbegun) {
      return failure("refused", "The server closed the connection before it took the request.", {
        place,
        cause: problem,
      });
    }
    if (line.silent) {
      return failure("silent", "The connection has gone silent.", { place, cause: problem });
    }
    line.lost = true;
    const how =
      bytes === 0
        ? "The connection was lost before the answer came."
        : `The answer broke off after ${bytes} bytes.`;
    return failure("cut", how, { place, cause: problem });
  }

  #busy(line: Line): void {
    line.open++;
    clearTimeout(line.idle);
    if (line.open > 1) return;
    line.session.ref();
    line.ping = setInterval(() => this.#ping(line), this.#options.pingMs);
    line.ping.unref();
  }

  #idle(line: Line): void {
    line.open--;
    if (line.open > 0 || line.session.destroyed) return;
    clearInterval(line.ping);
    if (line.lost) {
      line.session.close();
      return;
    }
    // An idle connection does not keep the process alive.
    line.session.unref();
    line.idle = setTimeout(() => line.session.close(), this.#options.idleMs);
    line.idle.unref();
  }

  /** A half-open connection shows only by its silence: no answer to a ping until the next one is due ends it. */
  #ping(line: Line): void {
    if (line.session.destroyed) return;
    const timer = setTimeout(() => {
      line.silent = true;
      line.session.destroy();
    }, this.#options.pingMs);
    const accepted = line.session.ping(() => clearTimeout(timer));
    if (!accepted) clearTimeout(timer);
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const given = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(aborted(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
