import { AsyncLocalStorage } from "node:async_hooks";
import { Client, type HTTPClient, type LogHandler, type Query } from "fauna";
import faunadb from "faunadb";
import { ArkError } from "../errors/errors.ts";
import type { LastTransaction } from "./last-transaction.ts";
import type { Answer, FaunaRequest, Transport } from "./transport.ts";

/** What a caller says about one request beyond the query itself. */
export type Call = Pick<FaunaRequest, "idempotent" | "timeoutMs" | "onTimeout" | "signal">;

/** An answer that a driver took part in: `refused` is the driver's own error for it. */
export interface DriverAnswer {
  readonly answer: Answer;
  readonly refused?: unknown;
}

export interface DriversOptions {
  readonly endpoint: URL;
  readonly secret: string;
  readonly transport: Transport;
  readonly last: LastTransaction;
}

/** With FAUNA_DEBUG set the driver's own logger prints every header, the secret included. */
const SILENT: LogHandler = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
};

interface CallUnderWay extends Call {
  answer?: Answer;
  error?: unknown;
}

/** Where the drivers find what they are to believe of a good answer: they are not to decode the real one. */
const V10_STUB = '{"data":null,"summary":"","stats":{}}';
const V4_STUB = '{"resource":null}';

/**
 * The call that a driver is at work for. One for all connections: Node visits every storage there is whenever a promise
 * is made, so one for each connection made everything slower with every connection.
 */
const CALLS = new AsyncLocalStorage<CallUnderWay>();

/**
 * The official drivers, standing on our transport. They compose queries, write the request's headers and name its
 * errors. Their decoding of values loses some (1.0, NaN, `@` keys, longs), so they are shown an empty answer in
 * place of a good one, and the raw text goes to the caller.
 */
export class Drivers {
  /** The v10 driver. Its results are empty unless it is asked through {@link Drivers.v10}. */
  readonly #fauna: Client;
  readonly #faunadb: faunadb.Client;
  readonly #transport: Transport;
  readonly #last: LastTransaction;

  constructor({ endpoint, secret, transport, last }: DriversOptions) {
    this.#transport = transport;
    this.#last = last;
    const http: HTTPClient = {
      request: async ({ method, path, headers, data }) => {
        const answer = await this.#send({
          method: method as "POST",
          path: path ?? "/query/1",
          headers: { ...lowerCase(headers), ...this.#last.v10Header, "x-format": "tagged" },
          body: JSON.stringify(data),
          timeoutHeader: "x-query-timeout-ms",
        });
        return { status: answer.status, headers: answer.headers, body: shown(answer, V10_STUB) };
      },
      close: () => {},
    };
    // Retries are the transport's; the driver's own would multiply them.
    this.#fauna = new Client(
      {
        endpoint,
        secret,
        format: "simple",
        max_attempts: 1,
        logger: SILENT,
        query_timeout_ms: 120_000,
      },
      http,
    );
    this.#faunadb = new faunadb.Client({
      endpoint: endpoint.origin,
      secret,
      keepAlive: false,
      fetch: ((url: string, init: FetchInit) => this.#fetch(url, init)) as never,
    });
  }

  /** @throws what the transport throws; an answer with an error status is returned with the driver's error. */
  v10(
    query: Query,
    call: Call,
    options: { linearized?: boolean; typecheck?: boolean },
  ): Promise<DriverAnswer> {
    return this.#through(call, () => this.#fauna.query(query, options));
  }

  /** As {@link Drivers.v10}. */
  v4(expression: faunadb.Expr, call: Call): Promise<DriverAnswer> {
    // A signal keeps the driver from setting a timer of its own; the real one is the transport's.
    const { signal } = new AbortController();
    return this.#through(call, () => this.#faunadb.query(expression, { signal }));
  }

  async #through(call: Call, run: () => Promise<unknown>): Promise<DriverAnswer> {
    const underWay: CallUnderWay = { ...call };
    let refused: unknown;
    try {
      await CALLS.run(underWay, run);
    } catch (error) {
      refused = error;
    }
    if (underWay.answer !== undefined) return { answer: underWay.answer, refused };
    throw underWay.error ?? refused;
  }

  async #send(request: Omit<FaunaRequest, keyof Call>): Promise<Answer> {
    const call = CALLS.getStore();
    if (call === undefined)
      throw new ArkError("ERR_UNEXPECTED", "A driver was called past its door.");
    try {
      const { idempotent, timeoutMs, onTimeout, signal } = call;
      const own = { idempotent, timeoutMs, onTimeout, signal };
      call.answer = await this.#transport.send({ ...request, ...own });
      return call.answer;
    } catch (error) {
      call.error = error;
      throw error;
    }
  }

  async #fetch(url: string, { method, headers, body }: FetchInit): Promise<FetchAnswer> {
    const { pathname, search } = new URL(url);
    const answer = await this.#send({
      method: method as "POST",
      path: pathname + search,
      headers: { ...lowerCase(headers), ...this.#last.v4Header },
      body,
      timeoutHeader: "x-query-timeout",
    });
    return {
      ok: answer.status < 400,
      status: answer.status,
      headers: new Map(Object.entries(answer.headers)),
      text: () => Promise.resolve(shown(answer, V4_STUB)),
    };
  }
}

interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string;
}

interface FetchAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Map<string, string>;
  text(): Promise<string>;
}

function shown(answer: Answer, stub: string): string {
  return answer.status < 300 ? stub : answer.text;
}

function lowerCase(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
