/**
 * The fingerprint of records that lie in bytes as spans: what `digest.ts` and `fingerprint.ts` define, without a
 * string for a record.
 */
import { createHash, hash } from "node:crypto";
import type { RecordDigest } from "./digest.ts";
import { DigestKernel, type Limbs, TEXT_MAX } from "./digest-kernel.ts";
import { Fingerprint } from "./fingerprint.ts";
import type { RecordSpans } from "./record-spans.ts";

/** Sums as they cross threads. */
export interface SumLimbs extends Limbs {
  readonly records: number;
}

const LIMBS = 8;
const COLON = 0x3a;
const DASH = 0x2d;
/** What the frames of a record's pieces have besides the pieces, at most. */
const FRAMES = 64;
const SHORT = 24;
/** Records after which carries are taken out, long before a limb's sum loses exactness. */
const CARRY_EVERY = 2 ** 20;
const LIMB = 2 ** 32;

let kernel: DigestKernel | undefined;

/** Sums of digests of records of one collection. */
export class DigestSums {
  #records = 0;
  readonly #limbs = { exact: new Float64Array(LIMBS), content: new Float64Array(LIMBS) };
  readonly #kernel = (kernel ??= new DigestKernel());
  /** The frame of the collection, with which everything that is hashed begins. */
  readonly #collection: Uint8Array;

  constructor(collection: string) {
    this.#collection = Buffer.from(`${Buffer.byteLength(collection)}:${collection}`);
  }

  get records(): number {
    return this.#records;
  }

  /** Adds the document whose pieces lie in `bytes`; its texts must be canonical. */
  add(bytes: Uint8Array, spans: RecordSpans): void {
    const { id, idEnd, ts, tsEnd, ttl, ttlEnd, data, dataEnd, extra, extraEnd } = spans;
    const pieces = idEnd - id + (ttlEnd - ttl) + (dataEnd - data) + (extraEnd - extra);
    if (this.#collection.length + pieces + FRAMES > TEXT_MAX) return this.#addLarge(bytes, spans);
    const { memory } = this.#kernel;
    const start = this.#kernel.place(this.#limbs);
    let at = put(memory, start, this.#collection, 0, this.#collection.length);
    at = putFrame(memory, at, bytes, id, idEnd);
    memory[at++] = DASH; // no action
    at = putFrame(memory, at, bytes, ttl, ttlEnd);
    at = putFrame(memory, at, bytes, data, dataEnd);
    at = putFrame(memory, at, bytes, extra, extraEnd);
    this.#kernel.push(at - start, bytes, ts, tsEnd);
    this.#count();
  }

  /** Adds a document that is too large to be put together. */
  #addLarge(bytes: Uint8Array, { id, idEnd, ts, tsEnd, ...spans }: RecordSpans): void {
    const hashed = createHash("sha256").update(this.#collection);
    const frame = (start: number, end: number) => {
      if (start < 0) hashed.update("-");
      else hashed.update(`${end - start}:`).update(bytes.subarray(start, end));
    };
    frame(id, idEnd);
    hashed.update("-");
    frame(spans.ttl, spans.ttlEnd);
    frame(spans.data, spans.dataEnd);
    frame(spans.extra, spans.extraEnd);
    const content = hashed.digest("hex");
    const micros = Buffer.from(bytes.subarray(ts, tsEnd)).toString("latin1");
    this.addDigest({ content, exact: hash("sha256", `${content}:${micros}`, "hex") });
  }

  /** Adds a record by its digests. */
  addDigest({ exact, content }: RecordDigest): void {
    addDigest(this.#limbs.exact, exact);
    addDigest(this.#limbs.content, content);
    this.#count();
  }

  /** What was added so far; the sums begin again at nothing. */
  take(): SumLimbs {
    this.#carry();
    const { exact, content } = this.#limbs;
    const limbs = { records: this.#records, exact: exact.slice(), content: content.slice() };
    this.#records = 0;
    exact.fill(0);
    content.fill(0);
    return limbs;
  }

  #count(): void {
    if (++this.#records % CARRY_EVERY === 0) this.#carry();
  }

  #carry(): void {
    this.#kernel.settle();
    for (const limbs of [this.#limbs.exact, this.#limbs.content]) carry(limbs);
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

/** Adds a digest of 64 hex digits, the most significant first. */
function addDigest(limbs: Float64Array, digest: string): void {
  for (let limb = 0, at = 56; at >= 0; limb++, at -= 8)
    limbs[limb]! += Number.parseInt(digest.slice(at, at + 8), 16);
}

function carry(limbs: Float64Array): void {
  let over = 0;
  for (let i = 0; i < LIMBS; i++) {
    const total = limbs[i]! + over;
    over = Math.floor(total / LIMB);
    limbs[i] = total - over * LIMB;
  }
}

/** Writes a piece's frame at `at`. @returns the offset behind it. */
function putFrame(
  into: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (start < 0) {
    into[at] = DASH;
    return at + 1;
  }
  const behind = putNumber(into, at, end - start);
  into[behind] = COLON;
  return put(into, behind + 1, bytes, start, end);
}

/** Copies a piece; a short one faster than `set` does. */
function put(into: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > SHORT) into.set(bytes.subarray(start, end), at);
  else for (let i = 0; i < length; i++) into[at + i] = bytes[start + i]!;
  return at + length;
}

function putNumber(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  for (let i = at + digits - 1, rest = value; i >= at; i--) {
    bytes[i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
