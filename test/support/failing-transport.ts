import { failure, type FailureKind } from "../../src/fauna/failure.ts";
import type { Answer, FaunaRequest, Transport } from "../../src/fauna/transport.ts";

/**
 * How a request fails: `before` it left; `after` the server did what it asks, its answer unheard; `busy`: answered by
 * somebody on the way who has no time.
 */
export type TransportFailure = "before" | "after" | "busy";

export interface FailingTransportOptions {
  /** The request that fails, counted from 0. Without it none does. */
  readonly failAt?: number;
  readonly mode?: TransportFailure;
}

/** A transport in front of another in which one request fails. */
export class FailingTransport implements Transport {
  /** Requests asked for so far. */
  requests = 0;
  failAt: number;
  mode: TransportFailure;
  readonly #transport: Transport;

  constructor(
    transport: Transport,
    { failAt = Infinity, mode = "before" }: FailingTransportOptions = {},
  ) {
    this.#transport = transport;
    this.failAt = failAt;
    this.mode = mode;
  }

  async send(request: FaunaRequest): Promise<Answer> {
    if (this.requests++ !== this.failAt) return this.#transport.send(request);
    if (this.mode === "before") throw injected("refused");
    if (this.mode === "busy") {
      return { status: 503, headers: {}, text: '{"errors":[{"code":"time out"}]}', bytes: 32 };
    }
    await this.#transport.send(request);
    throw injected("cut");
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

function injected(kind: FailureKind): Error {
  return failure(kind, "injected failure");
}
