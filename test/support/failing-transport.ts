import { failure, type FailureKind } from "../../src/fauna/failure.ts";
import type { Answer, FaunaRequest, Transport } from "../../src/fauna/transport.ts";

/**
 * How a request fails: `before` it left; `after` the server did what it asks, its answer unheard; `partial`: half of the
 * answer comes, and passes for the whole; `hang`: nothing comes until the deadline; `busy`: answered by somebody on the
 * way who has no time.
 */
export type TransportFailure = "before" | "after" | "partial" | "hang" | "busy";

export const TRANSPORT_FAILURES: readonly TransportFailure[] = [
  "before",
  "after",
  "partial",
  "hang",
  "busy",
];

export interface FailingTransportOptions {
  /** The request that fails, counted from 0. Without it none does. */
  readonly failAt?: number;
  readonly mode?: TransportFailure;
}

/** How long a deadline takes here. */
const DEADLINE_MS = 3;

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
    if (this.mode === "hang") {
      await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS));
      throw injected("deadline");
    }
    const answer = await this.#transport.send(request);
    if (this.mode === "after") throw injected("cut");
    const text = answer.text.slice(0, answer.text.length >> 1);
    return { ...answer, text, bytes: text.length };
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

function injected(kind: FailureKind): Error {
  return failure(kind, "injected failure");
}
