import { hash } from "node:crypto";

/**
 * A set of ids as a count and a sum of their digests: equal for equal sets, whatever the order, in memory that does
 * not grow with them. An id that is added twice counts twice.
 */
export class IdSet {
  #count = 0;
  readonly #sum = new Float64Array(4);

  get count(): number {
    return this.#count;
  }

  add(id: string): void {
    const digest = hash("sha256", id, "hex");
    // Sums of 48-bit pieces stay exact below 2^53 when they are cut back to 48 bits each time.
    for (let i = 0; i < 4; i++) {
      const piece = Number.parseInt(digest.slice(i * 12, i * 12 + 12), 16);
      this.#sum[i] = (this.#sum[i]! + piece) % 2 ** 48;
    }
    this.#count++;
  }

  equals(other: IdSet): boolean {
    return this.#count === other.#count && this.#sum.every((piece, i) => piece === other.#sum[i]);
  }
}
