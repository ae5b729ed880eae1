/**
 * The fingerprint of records that lie in bytes: what `digest.ts` and `fingerprint.ts` define, without a string for a
 * record.
 */
import { createHash, hash } from "node:crypto";
import type { RecordDigest } from "./digest.ts";
import { Fingerprint } from "./fingerprint.ts";
import type { RecordSpans } from "./record-spans.ts";

/** Sums of digests as limbs of 32 bits, the lowest first, with their carries still in them. */
export interface Limbs {
  readonly exact: Float64Array<ArrayBuffer>;
  readonly content: Float64Array<ArrayBuffer>;
}

/** Sums as they cross threads. */
export interface SumLimbs extends Limbs {
  readonly records: number;
}

const LIMBS = 8;
const LIMB = 2 ** 32;
/** Records after which carries are taken out, long before a limb's sum loses exactness. */
const CARRY_EVERY = 2 ** 20;
const HEX = Buffer.from("0123456789abcdef");

/** Sums of digests of records of one collection. */
export class DigestSums {
  #records = 0;
  #carried = 0;
  readonly #collection: string;
  /** What the exact digest is of: 64 digits, a colon, a time. */
  readonly #signed = Buffer.from(":".padStart(65).padEnd(85));
  /** To add digests to, which {@link count} has to be told of. */
  readonly limbs: Limbs = { exact: new Float64Array(LIMBS), content: new Float64Array(LIMBS) };

  constructor(collection: string) {
    this.#collection = collection;
  }

  get records(): number {
    return this.#records;
  }

  /** Adds the document whose pieces lie in `bytes`; its texts must be canonical. */
  add(bytes: Uint8Array, { id, idEnd, ts, tsEnd, ...spans }: RecordSpans): void {
    const hashed = createHash("sha256");
    hashed.update(`${Buffer.byteLength(this.#collection)}:${this.#collection}`);
    const frame = (start: number, end: number) => {
      if (start < 0) hashed.update("-");
      else hashed.update(`${end - start}:`).update(bytes.subarray(start, end));
    };
    frame(id, idEnd);
    hashed.update("-"); // no action
    frame(spans.ttl, spans.ttlEnd);
    frame(spans.data, spans.dataEnd);
    frame(spans.extra, spans.extraEnd);
    const content = hashed.digest("hex");
    const micros = Buffer.from(bytes.subarray(ts, tsEnd)).toString("latin1");
    this.addDigest({ content, exact: hash("sha256", `${content}:${micros}`, "hex") });
  }

  /** Adds a record by its digests. */
  addDigest({ exact, content }: RecordDigest): void {
    addDigest(this.limbs.exact, Buffer.from(exact, "hex").toString("latin1"));
    addDigest(this.limbs.content, Buffer.from(content, "hex").toString("latin1"));
    this.count(1);
  }

  /** Adds a record by the text of which its content is the digest, and its `ts` in decimal. */
  addText(text: Uint8Array, ts: Uint8Array): void {
    const content = hash("sha256", text, "binary");
    const signed = this.#signed;
    for (let i = 0; i < 32; i++) {
      const byte = content.charCodeAt(i);
      signed[2 * i] = HEX[byte >> 4]!;
      signed[2 * i + 1] = HEX[byte & 15]!;
    }
    signed.set(ts, 65);
    addDigest(this.limbs.content, content);
    const exact = hash("sha256", signed.subarray(0, 65 + ts.length), "binary");
    addDigest(this.limbs.exact, exact);
    this.count(1);
  }

  /** Counts records whose digests were added to the limbs: no more than a million at once. */
  count(records: number): void {
    this.#records += records;
    if (this.#records - this.#carried >= CARRY_EVERY) this.#carry();
  }

  /** What was added so far; the sums begin again at nothing. */
  take(): SumLimbs {
    this.#carry();
    const { exact, content } = this.limbs;
    const limbs = { records: this.#records, exact: exact.slice(), content: content.slice() };
    this.#records = 0;
    this.#carried = 0;
    exact.fill(0);
    content.fill(0);
    return limbs;
  }

  #carry(): void {
    this.#carried = this.#records;
    for (const limbs of [this.limbs.exact, this.limbs.content]) carry(limbs);
  }
}

/** The fingerprint that the sums are. */
export function fingerprintOf({ records, exact, content }: SumLimbs): Fingerprint {
  return Fingerprint.parse({ records, exact: printLimbs(exact), content: printLimbs(content) });
}

function printLimbs(limbs: Float64Array): string {
  return Array.from(limbs, (limb) => limb.toString(16).padStart(8, "0"))
    .toReversed()
    .join("");
}

/** Adds a digest, given as 32 characters of one byte each, the most significant first. */
function addDigest(limbs: Float64Array, digest: string): void {
  for (let limb = 0, at = 28; at >= 0; limb++, at -= 4) {
    limbs[limb]! +=
      ((digest.charCodeAt(at) << 24) |
        (digest.charCodeAt(at + 1) << 16) |
        (digest.charCodeAt(at + 2) << 8) |
        digest.charCodeAt(at + 3)) >>>
      0;
  }
}

function carry(limbs: Float64Array): void {
  let over = 0;
  for (let i = 0; i < LIMBS; i++) {
    const total = limbs[i]! + over;
    over = Math.floor(total / LIMB);
    limbs[i] = total - over * LIMB;
  }
}
