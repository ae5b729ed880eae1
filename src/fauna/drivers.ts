import { Client, type HTTPClient, type LogHandler, type Query } from "fauna";
import faunadb from "faunadb";
import type { LastTransaction } from "./last-transaction.ts";
import type { Answer, FaunaRequest, Transport } from "./transport.ts";

/** What a caller says about one request beyond the query itself. */
export type Call = Pick<
  FaunaRequest,
  "idempotent" | "timeoutMs" | "onTimeout" | "maxAnswerBytes" | "signal"
>;

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

/** Where the drivers find what they are to believe of a good answer: they are not to decode the real one. */
const V10_STUB = '{"data":null,"summary":"","stats":{}}';
const V4_STUB = '{"resource":null}';

/**
 * The official drivers, standing on our transport. They compose queries, write the request's headers and name its
 * errors. Their decoding of values loses some (1.0, NaN, `@` keys, longs), so they are shown an empty answer in
 * place of a good one, and the raw text goes to the caller.
 *
 * Each call has a client of its own, which is how the request that the client makes is known to be that call's. (An
 * `AsyncLocalStorage` would tell as well; but once there is one, Node follows every promise of the process.)
 */
export class Drivers {
  readonly #options: DriversOptions;

  constructor(options: DriversOptions) {
    this.#options = options;
  }

  /** @throws what the transport throws; an answer with an error status is returned with the driver's error. */
  v10(
    query: Query,
    call: Call,
    options: { linearized?: boolean; typecheck?: boolean },
  ): Promise<DriverAnswer> {
    const { endpoint, secret, transport, last } = this.#options;
    const exchange = new Exchange(transport, call);
    const http: HTTPClient = {
      request: async ({ method, path, headers, data }) => {
        const answer = await exchange.send({
          method: method as "POST",
          path: path ?? "/query/1",
          headers: { ...lowerCase(headers), ...last.v10Header, "x-format": "tagged" },
          body: JSON.stringify(data),
          timeoutHeader: "x-query-timeout-ms",
        });
        return { status: answer.status, headers: answer.headers, body: shown(answer, V10_STUB) };
      },
      close: () => {},
    };
    // Retries are the transport's; the driver's own would multiply them.
    const settings = { format: "simple", max_attempts: 1, query_timeout_ms: 120_000 } as const;
    const client = new Client({ endpoint, secret, logger: SILENT, ...settings }, http);
    return exchange.through(() => client.query(query, options));
  }

  /** As {@link Drivers.v10}. */
  v4(expression: faunadb.Expr, call: Call): Promise<DriverAnswer> {
    const { endpoint, secret, transport, last } = this.#options;
    const exchange = new Exchange(transport, call);
    const fetch = async (url: string, { method, headers, body }: FetchInit) => {
      const { pathname, search } = new URL(url);
      const answer = await exchange.send({
        method: method as "POST",
        path: pathname + search,
        headers: { ...lowerCase(headers), ...last.v4Header },
        body,
        timeoutHeader: "x-query-timeout",
      });
      return fetched(answer);
    };
    const client = new faunadb.Client({
      endpoint: endpoint.origin,
      secret,
      keepAlive: false,
      fetch: fetch as never,
    });
    // A signal keeps the driver from setting a timer of its own; the real one is the transport's.
    const { signal } = new AbortController();
    return exchange.through(() => client.query(expression, { signal }));
  }
}

/** One call of a driver, and what came of the request that it made. */
class Exchange {
  readonly #transport: Transport;
  readonly #call: Call;
  #answer: Answer | undefined;
  #error: unknown;

  constructor(transport: Transport, call: Call) {
    this.#transport = transport;
    this.#call = call;
  }

  async through(run: () => Promise<unknown>): Promise<DriverAnswer> {
    let refused: unknown;
    try {
      await run();
    } catch (error) {
      refused = error;
    }
    if (this.#answer !== undefined) return { answer: this.#answer, refused };
    throw this.#error ?? refused;
  }

  async send(request: Omit<FaunaRequest, keyof Call>): Promise<Answer> {
    try {
      const { idempotent, timeoutMs, onTimeout, maxAnswerBytes, signal } = this.#call;
      const own = { idempotent, timeoutMs, onTimeout, maxAnswerBytes, signal };
      this.#answer = await this.#transport.send({ ...request, ...own });
      return this.#answer;
    } catch (error) {
      this.#error = error;
      throw error;
    }
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

/** An answer as the v4 driver takes it from a `fetch`. */
function fetched(answer: Answer): FetchAnswer {
  return {
    ok: answer.status < 400,
    status: answer.status,
    headers: new Map(Object.entries(answer.headers)),
    text: () => Promise.resolve(shown(answer, V4_STUB)),
  };
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
