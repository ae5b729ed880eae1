import type { Query } from "fauna";
import type { Expr } from "faunadb";
import { printString } from "../values/json.ts";
import { cutMembers, integerOf, parseObject, requireJson } from "./answer.ts";
import type { Ask, CallOptions, V10Answer, V10Options, V4Answer, V4Options } from "./calls.ts";
import { Counters, type CounterValues } from "./counters.ts";
import { Drivers } from "./drivers.ts";
import { parseEndpoint } from "./endpoint.ts";
import { type Fence, fencedV10, fencedV4, fenceError } from "./fence.ts";
import { HttpTransport } from "./http.ts";
import { LastTransaction } from "./last-transaction.ts";
import type { Environment } from "./proxy.ts";
import { redactor, scrub, type Redact } from "./redact.ts";
import { v10Refusal, v4Refusal } from "./refusal.ts";
import { CountedTransport, limited, type LimitOptions } from "./limits.ts";
import { parseSecret, printSecret, type Secret } from "./secret.ts";
import type { Answer, Transport } from "./transport.ts";
import { opsOf } from "./with/pace.ts";
import { RetryingTransport, type RetryEvent, type RetryOptions } from "./with/retry.ts";
import type { ThrottleOptions } from "./with/throttle.ts";

export type { Ask, CallOptions, V10Answer, V10Options, V4Answer, V4Options } from "./calls.ts";

export interface ConnectOptions {
  readonly endpoint: string;
  /** A key, token or root secret, scoped or not; it appears in no error, log or property. */
  readonly secret: string;
  /** How long a query may take, in milliseconds, unless a call says otherwise. At most 600,000. */
  readonly timeoutMs?: number | undefined;
  /** How much longer the client waits for the answer. */
  readonly graceMs?: number | undefined;
  /** Speak HTTP/1.1 only. */
  readonly http1?: boolean | undefined;
  /** Where proxies are looked up; the process's own environment by default. */
  readonly env?: Environment | undefined;
  readonly retry?: Partial<Omit<RetryOptions, "counters" | "onRetry">> | undefined;
  readonly throttle?: Partial<ThrottleOptions> | undefined;
  /** How much of the server may be used; all of it by default, as far as the throttle finds it willing. */
  readonly limits?: LimitOptions | undefined;
  /** Told of every repetition, for logs. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** The transport to use in place of HTTP; retry, throttle and redaction are laid over it all the same. */
  readonly transport?: Transport | undefined;
  /** As in `HttpOptions`. */
  readonly maxAnswerBytes?: number | undefined;
  readonly pingMs?: number | undefined;
  readonly ca?: string | undefined;
}

/** Everything that connections made from one another share. */
interface Shared {
  readonly endpoint: URL;
  readonly transport: Transport;
  readonly counters: Counters;
  readonly last: LastTransaction;
  readonly timeoutMs: number;
}

/**
 * One database, seen through one secret.
 *
 * Every failure is an ArkError in which no secret appears. What the database refuses carries its own code in
 * `details.code` (see `faunaCode`).
 */
export class Connection {
  /** The database's path below the secret's own, `parent/child`; empty for the secret's own. */
  readonly path: string;
  readonly #shared: Shared;
  readonly #secret: Secret;
  readonly #redact: Redact;
  readonly #drivers: Drivers;
  readonly #fence: Fence | undefined;

  /** Use `connect`, `scoped` or `fenced`. */
  constructor(shared: Shared, secret: Secret, fence?: Fence) {
    this.#shared = shared;
    this.#secret = secret;
    this.#fence = fence;
    this.path = secret.path.join("/");
    this.#redact = redactor([secret.key]);
    const { endpoint, transport, last } = shared;
    this.#drivers = new Drivers({ endpoint, secret: printSecret(secret), transport, last });
  }

  /** The endpoint's scheme, host and port. */
  get endpoint(): string {
    return this.#shared.endpoint.origin;
  }

  /** Where errors say that they happened. */
  get place(): string {
    return this.path === "" ? this.endpoint : `${this.endpoint} database ${this.path}`;
  }

  /** What this connection and those that share its transport have cost so far. */
  get counters(): CounterValues {
    return this.#shared.counters.values;
  }

  /** Whether both send through one transport: then their counters are the same. */
  sharesTransport(other: Connection): boolean {
    return this.#shared === other.#shared;
  }

  /** Has documents counted that were read or written through it; rates in documents go by this. */
  moved(documents: number): void {
    this.#shared.counters.moved(documents);
  }

  /** Hides this connection's secret in a text. */
  redact(text: string): string {
    return this.#redact(text);
  }

  /**
   * Evaluates an FQL v4 expression. Text and bytes are sent as they are; an expression made with the official
   * driver's `query` goes through that driver.
   * @throws ArkError by what the database says; ERR_TRY_AGAIN when the retries are used up.
   */
  v4(query: string | Uint8Array | Expr, options: V4Options = {}): Promise<V4Answer> {
    const whole = this.#fence === undefined ? query : fencedV4(this.#fence, query);
    return this.#guard(async () => {
      const { answer, txnTime } = await this.#v4(whole, options);
      return { status: answer.status, text: answer.text, txnTime, ops: opsOf(answer) };
    });
  }

  /**
   * As {@link Connection.v4}, for pages that are worked on as bytes: the whole body, which is UTF-8 and the caller's
   * own from here on.
   */
  v4Body(query: string | Uint8Array, options: V4Options = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#guard(async () => {
      const { answer } = await this.#v4(query, options);
      return answer.body ?? Buffer.from(answer.text);
    });
  }

  async #v4(
    query: string | Uint8Array | Expr,
    options: V4Options,
  ): Promise<{ readonly answer: Answer; readonly txnTime: bigint }> {
    const { answer, refused } =
      typeof query === "string" || query instanceof Uint8Array
        ? {
            answer: await this.#send(
              "/",
              query,
              this.#v4Headers(options),
              options,
              "x-query-timeout",
            ),
            refused: undefined,
          }
        : await this.#drivers.v4(query, this.#call(options));
    if (answer.status >= 300) throw v4Refusal(answer, this.place, refused);
    requireJson(answer, this.place);
    const txnTime = BigInt(/^\d+$/.exec(answer.headers["x-txn-time"] ?? "")?.[0] ?? 0);
    this.#shared.last.saw(txnTime);
    return { answer, txnTime };
  }

  /**
   * Evaluates an FQL v10 query and gives its result as tagged text. Queries without arguments go through the
   * official driver; those with arguments are bulk, and are sent as they are.
   * @throws ArkError as {@link Connection.v4}.
   */
  v10(query: string | Query, options: V10Options = {}): Promise<V10Answer> {
    const whole = this.#fence === undefined ? query : fencedV10(this.#fence, query);
    return this.#guard(async () => {
      const { answer, refused } =
        options.arguments === undefined
          ? await this.#drivers.v10(asQuery(whole), this.#call(options), v10Flags(options))
          : {
              answer: await this.#send(
                "/query/1",
                v10Body(whole, options.arguments),
                this.#v10Headers(options),
                options,
                "x-query-timeout-ms",
              ),
              refused: undefined,
            };
      if (answer.status >= 300) throw v10Refusal(answer, this.place, refused);
      requireJson(answer, this.place);
      return this.#v10Answer(answer);
    });
  }

  /**
   * Any other endpoint of the API (`/schema/1/…`, `/authorized`, `/ping`). `read` makes of the answer what it
   * means, or throws one of `refusal.ts`; what it throws leaves without the secret, too.
   */
  ask<T>(request: Ask, read: (answer: Answer, place: string) => T): Promise<T> {
    return this.#guard(async () => {
      const { contentType, timeoutMs, afterLast = false, ...rest } = request;
      const type = contentType === undefined ? {} : { "content-type": contentType };
      const last = afterLast ? this.#shared.last.v10Header : {};
      const answer = await this.#shared.transport.send({
        ...rest,
        headers: { ...this.#authorization, ...type, ...last },
        timeoutMs: timeoutMs ?? this.#shared.timeoutMs,
      });
      return read(answer, this.place);
    });
  }

  /** The parts of the secret's scope; never the key. */
  get scope(): Omit<Secret, "key"> {
    return { path: this.#secret.path, role: this.#secret.role };
  }

  /**
   * The same key with another scope, unchecked. `scoped` of `scope.ts` is the door: Fauna ignores a scope that it
   * does not understand, and would let the key into its own database (live 26).
   */
  withScope(scope: Omit<Secret, "key">): Connection {
    // A fence is of one database, in whatever role that is opened.
    const isSame = scope.path.join("/") === this.path;
    const fence = isSame ? this.#fence : undefined;
    return new Connection(this.#shared, { ...scope, key: this.#secret.key }, fence);
  }

  /**
   * The same database, of which every v4 and v10 query does what it says only while a condition holds, looked at in the
   * same transaction. Pages that are read as bytes, and other endpoints, such as the schema's, are as without.
   */
  fenced(fence: Fence): Connection {
    return new Connection(this.#shared, this.#secret, fence);
  }

  /** Ends the transport, also for connections that were scoped from this one. */
  close(): Promise<void> {
    return this.#shared.transport.close();
  }

  get #authorization(): Record<string, string> {
    return { authorization: `Bearer ${printSecret(this.#secret)}` };
  }

  #v4Headers({ apiVersion = "4" }: V4Options): Record<string, string> {
    return { "x-faunadb-api-version": apiVersion, ...this.#shared.last.v4Header };
  }

  #v10Headers({ linearized, typecheck }: V10Options): Record<string, string> {
    return {
      "x-format": "tagged",
      ...(linearized === undefined ? {} : { "x-linearized": String(linearized) }),
      ...(typecheck === undefined ? {} : { "x-typecheck": String(typecheck) }),
      ...this.#shared.last.v10Header,
    };
  }

  #send(
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    options: CallOptions,
    timeoutHeader: "x-query-timeout" | "x-query-timeout-ms",
  ): Promise<Answer> {
    return this.#shared.transport.send({
      method: "POST",
      path,
      headers: { ...this.#authorization, "content-type": "application/json", ...headers },
      body,
      timeoutHeader,
      ...this.#call(options),
    });
  }

  #call({ idempotent = false, timeoutMs = this.#shared.timeoutMs, ...call }: CallOptions) {
    const { onTimeout, signal, kind, documents, maxAnswerBytes } = call;
    return { idempotent, timeoutMs, onTimeout, signal, kind, documents, maxAnswerBytes };
  }

  #v10Answer(answer: Answer): V10Answer {
    const members = cutMembers(answer.text, this.place);
    const number = (name: string): bigint | undefined => {
      const text = members.get(name);
      return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
    };
    const txnTs = number("txn_ts") ?? 0n;
    this.#shared.last.saw(txnTs);
    this.#countOps(members.get("stats"));
    return {
      dataText: members.get("data") ?? "null",
      txnTs,
      schemaVersion: number("schema_version"),
    };
  }

  #countOps(statsText: string | undefined): void {
    if (statsText === undefined) return;
    const stats = parseObject(statsText, this.place);
    const ops = (name: string): number =>
      stats.has(name) ? Number(integerOf(stats.get(name), name, this.place)) : 0;
    this.#shared.counters.ops(ops("read_ops"), ops("write_ops"), ops("compute_ops"));
  }

  /** The one place that errors leave through, so that no path can forget to hide the secret. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const fence = this.#fence;
      const meant = fence === undefined ? error : fenceError(fence, error, this.place);
      throw scrub(meant, this.#redact);
    }
  }
}

/**
 * A connection to the database of a secret. Nothing is sent yet.
 * @throws ArkError ERR_USAGE when endpoint or secret are missing or could not work, or a limit is none.
 */
export function connect(options: ConnectOptions): Connection {
  const endpoint = parseEndpoint(options.endpoint);
  const secret = parseSecret(options.secret);
  const counters = new Counters();
  const wire =
    options.transport === undefined
      ? new HttpTransport({
          endpoint,
          counters,
          http1: options.http1,
          env: options.env ?? process.env,
          graceMs: options.graceMs,
          maxAnswerBytes: options.maxAnswerBytes,
          pingMs: options.pingMs,
          ca: options.ca,
        })
      : new CountedTransport(options.transport, counters);
  const transport = new RetryingTransport(
    limited(wire, counters, options.limits, options.throttle),
    { ...options.retry, counters, onRetry: options.onRetry },
  );
  const timeoutMs = options.timeoutMs ?? 120_000;
  return new Connection(
    { endpoint, transport, counters, timeoutMs, last: new LastTransaction() },
    secret,
  );
}

/** A v10 text as the driver takes it: it only ever asks a query for its encoded form. */
function asQuery(query: string | Query): Query {
  if (typeof query !== "string") return query;
  return { encode: () => ({ fql: [query] }) } as unknown as Query;
}

function v10Flags({ linearized, typecheck }: V10Options): {
  linearized?: boolean;
  typecheck?: boolean;
} {
  return {
    ...(linearized === undefined ? {} : { linearized }),
    ...(typecheck === undefined ? {} : { typecheck }),
  };
}

function v10Body(query: string | Query, values: Readonly<Record<string, string>>): string {
  const text = typeof query === "string" ? printString(query) : JSON.stringify(query.encode());
  const members = Object.entries(values).map(([name, value]) => `${printString(name)}:${value}`);
  return `{"query":${text},"arguments":{${members.join(",")}}}`;
}
