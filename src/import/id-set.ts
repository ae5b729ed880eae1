import { type Ids, splitId, splitIds } from "../values/id-page.ts";

/** Odd constants, one a lane. */
const SEEDS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;

/**
 * A set of ids as a count and a sum of digests: equal for equal sets, whatever the order, in memory that does not grow
 * with them. An id that is added twice counts twice.
 *
 * The digests are 128 bits of mixing, not of cryptography: they are to notice what went missing, not to withstand
 * whoever chooses ids so that sums agree, and are taken of every id of an import twice.
 */
export class IdSet {
  #count = 0;
  readonly #sums = new Float64Array(SEEDS.length);

  get count(): number {
    return this.#count;
  }

  /** @param id decimal digits, 19 at most. */
  add(id: string): void {
    splitId(id, this.#addSplit);
  }

  addAll(ids: Ids): void {
    splitIds(ids, this.#addSplit);
  }

  readonly #addSplit = (high: number, low: number): void => {
    const top = Math.floor(high / 2 ** 32);
    for (let lane = 0; lane < SEEDS.length; lane++) {
      const mixed = mix(mix(mix(low, SEEDS[lane]!) ^ (high | 0), SEEDS[lane]!) ^ top, SEEDS[lane]!);
      // Sums stay exact below 2^53 when they are cut back to 48 bits each time.
      this.#sums[lane] = (this.#sums[lane]! + (mixed >>> 0)) % 2 ** 48;
    }
    this.#count++;
  };

  equals(other: IdSet): boolean {
    return this.#count === other.#count && this.#sums.every((sum, i) => sum === other.#sums[i]);
  }
}

/** Spreads 32 bits over 32 bits, each value to another. */
function mix(value: number, seed: number): number {
  let h = (value ^ seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
