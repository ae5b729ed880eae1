import {
  Agent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest, type AgentOptions } from "node:https";
import type { Duplex } from "node:stream";
import { callbackify } from "node:util";
import { Body } from "./body.ts";
import { failure, socketFailure } from "./failure.ts";
import { type Proxy, type SecureOptions, tooLate } from "./proxy.ts";
import { isWhole, plainHeaders, type Exchange, type Wire, type WireAnswer } from "./wire.ts";

/** Fauna closes idle connections after 5 s (live 35); ours are given up before, so that none is used as it dies. */
const IDLE_MS = 4_000;

export interface Http1Options {
  readonly proxy: Proxy | undefined;
  readonly ca: string | undefined;
  /** How long a connection may take to come about, in milliseconds. */
  readonly connectMs: number;
}

/** HTTP/1.1 with kept-alive connections, straight or through a proxy. */
export class Http1Wire implements Wire {
  readonly #endpoint: URL;
  readonly #proxy: Proxy | undefined;
  readonly #connectMs: number;
  readonly #agent: Agent | SecureAgent;

  constructor(endpoint: URL, { proxy, ca, connectMs }: Http1Options) {
    this.#endpoint = endpoint;
    this.#proxy = proxy;
    this.#connectMs = connectMs;
    const options = {
      keepAlive: true,
      keepAliveMsecs: 1_000,
      timeout: IDLE_MS,
      ...(ca === undefined ? {} : { ca }),
    };
    this.#agent =
      endpoint.protocol === "http:"
        ? new Agent(options)
        : proxy === undefined
          ? new SecureAgent(options)
          : new TunnelAgent(endpoint, proxy, { ...options, connectMs });
  }

  exchange(exchange: Exchange): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      let connected = false;
      const request = this.#request(exchange);
      const settle = (action: () => void): void => {
        exchange.signal.removeEventListener("abort", onAbort);
        action();
      };
      const onAbort = (): void => {
        settle(() => reject(exchange.signal.reason));
        request.destroy();
      };
      exchange.signal.addEventListener("abort", onAbort);
      if (exchange.signal.aborted) return onAbort();
      request.on("socket", (socket) => {
        if (!socket.connecting) {
          connected = true;
          return;
        }
        const timer = setTimeout(() => request.destroy(tooLate()), this.#connectMs);
        socket.once("close", () => clearTimeout(timer));
        socket.once(this.#endpoint.protocol === "https:" ? "secureConnect" : "connect", () => {
          clearTimeout(timer);
          connected = true;
        });
      });
      request.on("error", (error) =>
        settle(() => reject(socketFailure(error, this.#endpoint.origin, connected))),
      );
      request.on("response", (response) => {
        this.#collect(response, exchange.maxBytes).then(
          (answer) => settle(() => resolve(answer)),
          (error: unknown) => settle(() => reject(error)),
        );
      });
      request.end(exchange.body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #request({ method, path, headers, body }: Exchange): ClientRequest {
    const secure = this.#endpoint.protocol === "https:";
    const forwarded = !secure && this.#proxy !== undefined;
    const target = forwarded ? this.#proxy.url : this.#endpoint;
    const send = secure ? secureRequest : plainRequest;
    return send({
      agent: this.#agent,
      protocol: this.#endpoint.protocol,
      host: target.hostname.replace(/^\[|\]$/g, ""),
      port: target.port === "" ? (secure ? 443 : 80) : Number(target.port),
      method,
      path: forwarded ? this.#endpoint.origin + path : path,
      headers: {
        ...headers,
        ...(forwarded ? { host: this.#endpoint.host, ...this.#proxy.headers } : {}),
        ...(body === undefined ? {} : { "content-length": String(body.byteLength) }),
      },
    });
  }

  async #collect(response: IncomingMessage, maxBytes: number): Promise<WireAnswer> {
    const place = this.#endpoint.origin;
    const headers = plainHeaders(response.headers);
    const body = new Body(headers, maxBytes);
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        body.take(chunk);
        if (body.bytes > maxBytes) {
          throw failure("oversized", `The answer is larger than ${maxBytes} bytes.`, { place });
        }
      }
    } catch (error) {
      body.drop();
      response.destroy();
      const ours = (error as { details?: unknown }).details !== undefined;
      throw ours ? error : failure("cut", "The answer broke off.", { place, cause: error });
    }
    if (!response.complete || !isWhole(headers, body.bytes)) {
      body.drop();
      throw failure("cut", `The answer broke off after ${body.bytes} bytes.`, { place });
    }
    return { status: response.statusCode ?? 0, headers, body: body.finish() };
  }
}

/** Opens its connections through a proxy's tunnel. */
class TunnelAgent extends SecureAgent {
  readonly #options: SecureOptions;
  readonly #endpoint: URL;
  readonly #proxy: Proxy;

  constructor(
    endpoint: URL,
    proxy: Proxy,
    options: AgentOptions & { readonly ca?: string; readonly connectMs: number },
  ) {
    super(options);
    const { ca, connectMs } = options;
    this.#options = { protocols: ["http/1.1"], ca, connectMs };
    this.#endpoint = endpoint;
    this.#proxy = proxy;
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const open = callbackify(() => this.#proxy.secureTunnel(this.#endpoint, this.#options));
    open((error, socket) => done?.(error, socket));
    return undefined;
  }
}
