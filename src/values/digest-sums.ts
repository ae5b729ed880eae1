/**
 * The fingerprint of records that lie in bytes as spans: what `digest.ts` and `fingerprint.ts` define, without a
 * string for a record.
 */
import { createHash, hash } from "node:crypto";
import type { RecordDigest } from "./digest.ts";
import { Fingerprint } from "./fingerprint.ts";
import type { RecordSpans } from "./record-spans.ts";

/** Sums as they cross threads: limbs of 32 bits, the lowest first, with their carries still in them. */
export interface SumLimbs {
  readonly records: number;
  readonly exact: Float64Array<ArrayBuffer>;
  readonly content: Float64Array<ArrayBuffer>;
}

const LIMBS = 8;
/** What is hashed is put together here unless it is larger. */
const ROOM = 64 * 1024;
/** Lengths up to which a view of the room is kept, so that none is made for each record. */
const VIEWS = 4096;
const COLON = 0x3a;
const DASH = 0x2d;
/** Records after which carries are taken out, long before a limb's sum loses exactness. */
const CARRY_EVERY = 2 ** 20;
const LIMB = 2 ** 32;

const HEX = Buffer.from("0123456789abcdef");

/** Sums of digests of records of one collection. */
export class DigestSums {
  #records = 0;
  readonly #exact = new Float64Array(LIMBS);
  readonly #content = new Float64Array(LIMBS);
  readonly #room = Buffer.allocUnsafeSlow(ROOM);
  readonly #views: (Buffer | undefined)[] = [];
  readonly #signed = Buffer.allocUnsafeSlow(64 + 1 + 20);
  readonly #signedViews: (Buffer | undefined)[] = [];
  /** Behind the frame of the collection, with which everything that is hashed begins. */
  readonly #start: number;

  constructor(collection: string) {
    const frame = Buffer.from(`${Buffer.byteLength(collection)}:${collection}`);
    this.#start = frame.copy(this.#room);
    if (this.#start < frame.length || this.#start > ROOM / 2) {
      throw new RangeError(`a collection's name of ${frame.length} bytes`);
    }
    this.#signed[64] = COLON;
  }

  get records(): number {
    return this.#records;
  }

  /** Adds the document whose pieces lie in `bytes`; its texts must be canonical. */
  add(bytes: Uint8Array, spans: RecordSpans): void {
    let at = this.#frame(this.#start, bytes, spans.id, spans.idEnd);
    this.#room[at++] = DASH; // no action
    at = this.#frame(at, bytes, spans.ttl, spans.ttlEnd);
    const { data, dataEnd, extra, extraEnd } = spans;
    const fits = at + (dataEnd - data) + (extraEnd - extra) + 40 <= ROOM;
    let content: string;
    if (fits) {
      at = this.#frame(at, bytes, data, dataEnd);
      at = this.#frame(at, bytes, extra, extraEnd);
      content = hash("sha256", this.#view(at), "binary");
    } else {
      const large = createHash("sha256").update(this.#room.subarray(0, at));
      for (const [start, end] of [
        [data, dataEnd],
        [extra, extraEnd],
      ] as const) {
        if (start < 0) large.update("-");
        else large.update(`${end - start}:`).update(bytes.subarray(start, end));
      }
      content = large.digest("binary");
    }
    const exact = hash("sha256", this.#signedWith(content, bytes, spans.ts, spans.tsEnd), "binary");
    addDigest(this.#content, content);
    addDigest(this.#exact, exact);
    if (++this.#records % CARRY_EVERY === 0) this.#carry();
  }

  /** Adds a record by its digests. */
  addDigest({ exact, content }: RecordDigest): void {
    addDigest(this.#exact, Buffer.from(exact, "hex").toString("binary"));
    addDigest(this.#content, Buffer.from(content, "hex").toString("binary"));
    if (++this.#records % CARRY_EVERY === 0) this.#carry();
  }

  /** What was added so far; the sums begin again at nothing. */
  take(): SumLimbs {
    this.#carry();
    const limbs = {
      records: this.#records,
      exact: this.#exact.slice(),
      content: this.#content.slice(),
    };
    this.#records = 0;
    this.#exact.fill(0);
    this.#content.fill(0);
    return limbs;
  }

  /** Writes a piece's frame at `at`. @returns the offset behind it. */
  #frame(at: number, bytes: Uint8Array, start: number, end: number): number {
    const room = this.#room;
    if (start < 0) {
      room[at] = DASH;
      return at + 1;
    }
    const length = end - start;
    at = writeNumber(room, at, length);
    room[at++] = COLON;
    if (length > 24) room.set(bytes.subarray(start, end), at);
    else for (let i = 0; i < length; i++) room[at + i] = bytes[start + i]!;
    return at + length;
  }

  #view(length: number): Buffer {
    if (length > VIEWS) return this.#room.subarray(0, length);
    return (this.#views[length] ??= this.#room.subarray(0, length));
  }

  /** The bytes of which `exact` is the digest. */
  #signedWith(content: string, bytes: Uint8Array, ts: number, tsEnd: number): Buffer {
    const signed = this.#signed;
    for (let i = 0; i < 32; i++) {
      const byte = content.charCodeAt(i);
      signed[2 * i] = HEX[byte >> 4]!;
      signed[2 * i + 1] = HEX[byte & 15]!;
    }
    let at = 65;
    for (let i = ts; i < tsEnd; i++) signed[at++] = bytes[i]!;
    return (this.#signedViews[at] ??= signed.subarray(0, at));
  }

  #carry(): void {
    for (const limbs of [this.#exact, this.#content]) carry(limbs);
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

function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  for (let i = at + digits - 1, rest = value; i >= at; i--) {
    bytes[i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
