import { release } from "../flow/flow.ts";

/** A smaller body may well be there twice for a moment. */
const WORTH_BYTES = 64 * 1024;

/**
 * Gathers the body of an answer. Where its length is promised, it comes into one buffer from the start: pieces that wait
 * for one another would be as much again, and lie about until the collector comes by.
 */
export class Body {
  readonly #whole: Buffer<ArrayBuffer> | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param mostBytes of which more is not promised room: the body is given up when it has more. */
  constructor(headers: Readonly<Record<string, string>>, mostBytes: number) {
    const promised = Number(headers["content-length"]);
    if (promised >= WORTH_BYTES && promised <= mostBytes)
      this.#whole = Buffer.allocUnsafeSlow(promised);
  }

  /** How many bytes have come. */
  get bytes(): number {
    return this.#bytes;
  }

  take(chunk: Buffer): void {
    const at = this.#bytes;
    this.#bytes += chunk.length;
    if (this.#whole === undefined) this.#chunks.push(chunk);
    // Of a body that is longer than promised nothing is taken in the end.
    else if (this.#bytes <= this.#whole.length) this.#whole.set(chunk, at);
  }

  /** All of it, of which no more is to come and nothing is missing. */
  finish(): Buffer<ArrayBuffer> {
    return this.#whole ?? Buffer.concat(this.#chunks, this.#bytes);
  }

  /** It is given up. */
  drop(): void {
    if (this.#whole !== undefined) release(this.#whole);
    this.#chunks.length = 0;
  }
}
