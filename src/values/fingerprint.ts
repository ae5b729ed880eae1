/**
 * The fingerprint of a set of records: their digests summed modulo 2^256. The order of records and how they are
 * chunked do not matter, a record counts as often as it is there, and sums can be subtracted, so that a difference
 * can be narrowed down range by range.
 */
import { ArkError } from "../errors/errors.ts";
import { digestRecord } from "./digest.ts";
import type { DocumentRecord } from "./record.ts";

/** A fingerprint as manifests hold it: sums as 64 lower-case hex digits. */
export interface FingerprintJson {
  readonly records: number;
  /** The sum of digests with `ts`. */
  readonly exact: string;
  /** The sum of digests without `ts`. */
  readonly content: string;
}

const LIMBS = 8;
const LIMB = 2 ** 32;
const HEX = /^[0-9a-f]{64}$/;

/** A number modulo 2^256 in eight limbs of 32 bits, the lowest first. */
class Sum {
  readonly limbs = new Uint32Array(LIMBS);

  static parse(hex: string): Sum {
    if (!HEX.test(hex))
      throw new ArkError("ERR_RECORD", `Not a fingerprint: ${JSON.stringify(hex.slice(0, 80))}.`);
    const sum = new Sum();
    sum.addHex(hex);
    return sum;
  }

  addHex(hex: string): void {
    let carry = 0;
    for (let i = 0; i < LIMBS; i++) {
      const end = 64 - 8 * i;
      const total = this.#at(i) + hexLimb(hex, end - 8) + carry;
      this.limbs[i] = total;
      carry = total >= LIMB ? 1 : 0;
    }
  }

  add(other: Sum, sign: 1 | -1): void {
    let carry = 0;
    for (let i = 0; i < LIMBS; i++) {
      const total = this.#at(i) + sign * other.#at(i) + carry;
      this.limbs[i] = total;
      carry = total >= LIMB ? 1 : total < 0 ? -1 : 0;
    }
  }

  equals(other: Sum): boolean {
    return this.limbs.every((limb, i) => limb === other.#at(i));
  }

  toString(): string {
    return Array.from(this.limbs, (limb) => limb.toString(16).padStart(8, "0"))
      .toReversed()
      .join("");
  }

  #at(i: number): number {
    return this.limbs[i] ?? 0;
  }
}

const HEX_DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) HEX_DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/** The 32 bits of the eight lower-case hex digits at `start`; twice as fast as parseInt of a slice. */
function hexLimb(hex: string, start: number): number {
  let limb = 0;
  for (let i = start; i < start + 8; i++) limb = (limb << 4) | (HEX_DIGITS[hex.charCodeAt(i)] ?? 0);
  return limb >>> 0;
}

/** A sum over records that grows as records are added. */
export class Fingerprint {
  readonly #exact: Sum;
  readonly #content: Sum;
  #records: number;

  constructor() {
    this.#exact = new Sum();
    this.#content = new Sum();
    this.#records = 0;
  }

  /** How many records were added, less those taken away. */
  get records(): number {
    return this.#records;
  }

  /** @throws ArkError ERR_RECORD when a sum is not 64 lower-case hex digits. */
  static parse(json: FingerprintJson): Fingerprint {
    const fingerprint = new Fingerprint();
    fingerprint.#exact.add(Sum.parse(json.exact), 1);
    fingerprint.#content.add(Sum.parse(json.content), 1);
    fingerprint.#records = json.records;
    return fingerprint;
  }

  /** Adds one record of `collection`. */
  add(collection: string, record: DocumentRecord): void {
    const digest = digestRecord(collection, record);
    this.#exact.addHex(digest.exact);
    this.#content.addHex(digest.content);
    this.#records += 1;
  }

  /** Adds every record that `other` holds. */
  merge(other: Fingerprint): void {
    this.#combine(other, 1);
  }

  /** Takes every record of `other` away. */
  subtract(other: Fingerprint): void {
    this.#combine(other, -1);
  }

  #combine(other: Fingerprint, sign: 1 | -1): void {
    this.#exact.add(other.#exact, sign);
    this.#content.add(other.#content, sign);
    this.#records += sign * other.#records;
  }

  /** Whether both stand for the same records, times of writing included. */
  equals(other: Fingerprint): boolean {
    return (
      this.#records === other.#records &&
      this.#exact.equals(other.#exact) &&
      this.equalsContent(other)
    );
  }

  /** Whether both stand for the same records, whenever they were written. */
  equalsContent(other: Fingerprint): boolean {
    return this.#records === other.#records && this.#content.equals(other.#content);
  }

  toJSON(): FingerprintJson {
    return {
      records: this.#records,
      exact: this.#exact.toString(),
      content: this.#content.toString(),
    };
  }
}
