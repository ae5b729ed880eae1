/** Ids in eight bytes each, in any order. */
export class IdList {
  #ids = new BigUint64Array(64);
  #length = 0;

  add(id: bigint): void {
    if (this.#length === this.#ids.length) {
      const larger = new BigUint64Array(this.#length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length++] = id;
  }

  /** Each once. Nothing may be added while they are looked at. */
  ascending(): BigUint64Array {
    const sorted = this.#ids.subarray(0, this.#length).toSorted();
    let kept = 0;
    for (let i = 0; i < sorted.length; i++)
      if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i]!;
    return sorted.subarray(0, kept);
  }
}
