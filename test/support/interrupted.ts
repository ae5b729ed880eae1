/** Runs that are interrupted at a request of the test's choice, and what becomes of their stores. */
import type { Connection } from "../../src/fauna/fauna.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Answer, FaunaRequest, Transport } from "../../src/fauna/transport.ts";
import { ArkError } from "../../src/errors/errors.ts";
import type { ByteRange, Store, WriteOptions } from "../../src/store/store.ts";
import type { Bench } from "./bench.ts";

/** How a run ends: it is asked to stop, the network goes, or nothing works any more, as when the process is killed. */
export type Ending = "stopped" | "cut off" | "killed";

/** Everything that a run stands on, until it is interrupted. */
export class Interruption {
  /** Requests that were sent. */
  requests = 0;
  readonly #at: number;
  readonly #ending: Ending;
  readonly #stop = new AbortController();

  /** @param at the request, counted from 0, that is not sent any more. */
  constructor(at = Infinity, ending: Ending = "killed") {
    this.#at = at;
    this.#ending = ending;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get hasStruck(): boolean {
    return this.requests >= this.#at;
  }

  /** A connection to a database of the bench that counts requests. */
  connect(bench: Bench, database: Connection): Connection {
    const transport = new InterruptedTransport(
      new HttpTransport({ endpoint: new URL(bench.endpoint) }),
      () => this.#send(),
    );
    const { endpoint } = bench;
    return connect({
      endpoint,
      secret: bench.secretOf(database),
      transport,
      retry: { attempts: 1 },
    });
  }

  /** The store as a process sees it that may be killed. */
  store(store: Store): Store {
    return this.#ending === "killed" ? new MortalStore(store, () => this.hasStruck) : store;
  }

  #send(): void {
    if (this.hasStruck) {
      if (this.#ending === "stopped") this.#stop.abort(gone("stopped"));
      throw gone(this.#ending);
    }
    this.requests++;
  }
}

class InterruptedTransport implements Transport {
  readonly #transport: Transport;
  readonly #onSend: () => void;

  constructor(transport: Transport, onSend: () => void) {
    this.#transport = transport;
    this.#onSend = onSend;
  }

  async send(request: FaunaRequest): Promise<Answer> {
    this.#onSend();
    return await this.#transport.send(request);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

/** A store that does nothing any more once the process is dead, not even the end of what was begun. */
class MortalStore implements Store {
  readonly place: string;
  readonly #store: Store;
  readonly #isDead: () => boolean;

  constructor(store: Store, isDead: () => boolean) {
    this.place = store.place;
    this.#store = store;
    this.#isDead = isDead;
  }

  async *list(prefix?: string) {
    this.#live();
    yield* this.#store.list(prefix);
  }

  async *read(name: string, range?: ByteRange) {
    this.#live();
    yield* this.#store.read(name, range);
  }

  async write(name: string, source: AsyncIterable<Uint8Array>, options?: WriteOptions) {
    this.#live();
    return await this.#store.write(name, this.#whileAlive(source), options);
  }

  async remove(name: string): Promise<void> {
    this.#live();
    await this.#store.remove(name);
  }

  async size(name: string): Promise<number | undefined> {
    this.#live();
    return await this.#store.size(name);
  }

  async *#whileAlive(source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      this.#live();
      yield chunk;
    }
    this.#live();
  }

  #live(): void {
    if (this.#isDead()) throw gone("killed");
  }
}

function gone(how: Ending): ArkError {
  return new ArkError(
    how === "stopped" ? "ERR_INTERRUPTED" : "ERR_TRY_AGAIN",
    `the run was ${how}`,
  );
}
