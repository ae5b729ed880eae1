import { isUtf8 } from "node:buffer";
import { ArkError } from "../errors/errors.ts";
import { onAbort } from "../flow/flow.ts";
import { Counters } from "./counters.ts";
import { aborted, failure } from "./failure.ts";
import { Http1Wire } from "./http1.ts";
import { Http2Wire, NotHttp2 } from "./http2.ts";
import { proxyFor, secure, type Environment, type Proxy } from "./proxy.ts";
import type { Answer, FaunaRequest, Transport } from "./transport.ts";
import type { Exchange, Wire, WireAnswer } from "./wire.ts";

export interface HttpOptions {
  readonly endpoint: URL;
  /** Speak HTTP/1.1 only, for proxies and load balancers that cannot do better. */
  readonly http1?: boolean | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up. */
  readonly env?: Environment | undefined;
  /** How much longer than a request's own timeout its answer is waited for, in milliseconds. */
  readonly graceMs?: number | undefined;
  /** How long a connection may take to come about, TLS included, in milliseconds. */
  readonly connectMs?: number | undefined;
  /** The largest answer that is read, in bytes; a larger one is an `oversized` failure. */
  readonly maxAnswerBytes?: number | undefined;
  /** How often a connection in use is asked whether it still lives, in milliseconds. */
  readonly pingMs?: number | undefined;
  /** An authority to trust in place of those that Node knows, in PEM. */
  readonly ca?: string | undefined;
  readonly counters?: Counters | undefined;
}

/** An answer whose text is made when it is asked for: pages of documents are worked on as bytes. */
class HttpAnswer implements Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly #body: Buffer<ArrayBuffer>;
  #text: string | undefined;

  constructor(
    status: number,
    headers: Readonly<Record<string, string>>,
    body: Buffer<ArrayBuffer>,
  ) {
    this.status = status;
    this.headers = headers;
    this.bytes = body.byteLength;
    this.#body = body;
  }

  get text(): string {
    return (this.#text ??= this.#body.toString("utf8"));
  }

  get body(): Uint8Array<ArrayBuffer> {
    return this.#body;
  }
}

/**
 * The one transport that touches the network. On `http://` it speaks HTTP/2 with prior knowledge, as Fauna's own
 * drivers do; on `https://` what TLS agrees on. Where the other side cannot do HTTP/2 it goes on in HTTP/1.1.
 *
 * Fauna takes 64 KiB over an HTTP/2 connection and then waits until it has said so (live 47): over a distance that is
 * all that goes out in a round trip, however many requests are under way. Bodies that are larger than what the other
 * side takes go over connections of HTTP/1.1, if it speaks that as well.
 */
export class HttpTransport implements Transport {
  readonly #endpoint: URL;
  readonly #proxy: Proxy | undefined;
  readonly #graceMs: number;
  readonly #connectMs: number;
  readonly #maxBytes: number;
  readonly #pingMs: number;
  readonly #ca: string | undefined;
  readonly #counters: Counters;
  #wire: Wire | undefined;
  /** For large bodies; undefined where the other side speaks HTTP/2 alone. Found out once. */
  #wide: Promise<Wire | undefined> | undefined;
  #closed = false;

  constructor(options: HttpOptions) {
    this.#endpoint = options.endpoint;
    this.#proxy = proxyFor(options.endpoint, options.env ?? {});
    this.#graceMs = options.graceMs ?? 5_000;
    this.#connectMs = options.connectMs ?? 10_000;
    this.#maxBytes = options.maxAnswerBytes ?? 256 * 1024 * 1024;
    this.#pingMs = options.pingMs ?? 15_000;
    this.#ca = options.ca;
    this.#counters = options.counters ?? new Counters();
    const plainProxy = this.#proxy !== undefined && this.#endpoint.protocol === "http:";
    if (options.http1 === true || plainProxy) this.#wire = this.#http1();
  }

  async send(request: FaunaRequest): Promise<Answer> {
    if (request.signal?.aborted === true) throw aborted(request.signal);
    if (this.#closed) {
      throw new ArkError("ERR_INTERRUPTED", "The connection has been closed by this process.");
    }
    const body = typeof request.body === "string" ? Buffer.from(request.body) : request.body;
    this.#counters.sent(body?.byteLength ?? 0);
    const {
      status,
      headers,
      body: raw,
    } = await this.#withDeadline(request, (signal) =>
      this.#exchange({
        method: request.method,
        path: request.path,
        headers:
          request.timeoutHeader === undefined
            ? request.headers
            : { ...request.headers, [request.timeoutHeader]: String(request.timeoutMs) },
        body,
        signal,
        maxBytes: Math.min(this.#maxBytes, request.maxAnswerBytes ?? Infinity),
      }),
    );
    if (!isUtf8(raw)) {
      throw failure("garbled", "The answer is not UTF-8.", { place: this.#endpoint.origin });
    }
    const answer = new HttpAnswer(status, headers, raw);
    this.#counters.answered(answer);
    return answer;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#wire?.close();
    void this.#wide?.then((wire) => wire?.close());
    return Promise.resolve();
  }

  /** One signal for the deadline and for the caller's own; removed from the caller's when the request ends. */
  async #withDeadline<T>(
    { timeoutMs, signal }: FaunaRequest,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const waitMs = timeoutMs + this.#graceMs;
    const onDeadline = (): void =>
      controller.abort(
        failure("deadline", `No answer within ${waitMs} ms.`, {
          place: this.#endpoint.origin,
          hint: "Raise the timeout, or see whether the server is overloaded.",
        }),
      );
    const timer = setTimeout(onDeadline, waitMs);
    const end = onAbort(signal, () => controller.abort(aborted(signal!)));
    try {
      return await work(controller.signal);
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  async #exchange(exchange: Exchange): Promise<WireAnswer> {
    const wire = (this.#wire ??= this.#http2());
    const bytes = exchange.body?.byteLength ?? 0;
    try {
      if (wire instanceof Http2Wire && bytes > (wire.takes ?? Infinity)) {
        const wide = await (this.#wide ??= this.#findWide());
        if (wide !== undefined) return await wide.exchange(exchange);
      }
      return await wire.exchange(exchange);
    } catch (error) {
      if (!(error instanceof NotHttp2)) throw error;
      // Several requests can learn this at once; the first changes the wire for all.
      if (this.#wire === wire) this.#wire = this.#http1();
      wire.close();
      return this.#wire.exchange(exchange);
    }
  }

  /** HTTP/1.1, if the other side is Fauna in it, too: `/ping` asks nothing of a database. */
  async #findWide(): Promise<Wire | undefined> {
    const wire = this.#http1();
    const signal = AbortSignal.timeout(this.#connectMs);
    const ping = { method: "GET", path: "/ping", headers: {}, body: undefined } as const;
    try {
      const { status } = await wire.exchange({ ...ping, signal, maxBytes: 65_536 });
      if (status === 200) return wire;
    } catch {
      // It speaks HTTP/2 alone.
    }
    wire.close();
    return undefined;
  }

  #http1(): Wire {
    const options = { proxy: this.#proxy, ca: this.#ca, connectMs: this.#connectMs };
    return new Http1Wire(this.#endpoint, options);
  }

  #http2(): Wire {
    return new Http2Wire(this.#endpoint, {
      idleMs: 4_000,
      pingMs: this.#pingMs,
      settingsMs: 3_000,
      socket: this.#endpoint.protocol === "https:" ? () => this.#secureSocket() : undefined,
    });
  }

  async #secureSocket() {
    const protocols = ["h2", "http/1.1"];
    const options = { protocols, ca: this.#ca, connectMs: this.#connectMs };
    const socket = await (this.#proxy === undefined
      ? secure(this.#endpoint, options)
      : this.#proxy.secureTunnel(this.#endpoint, options));
    if (socket.alpnProtocol === "h2") return socket;
    socket.destroy();
    throw new NotHttp2();
  }
}
