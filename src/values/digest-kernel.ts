/**
 * The two digests of many records, and the sums of them, in WebAssembly: what `digest.ts` and `fingerprint.ts` define,
 * without a call out of JavaScript for each digest.
 *
 * Each of four lanes takes a record from the queue, hashes its content block by block, then what its exact digest is
 * of, and takes the next one; so that records of all sizes keep all lanes busy.
 */
import { compress, INITIAL } from "./sha256-lanes.ts";
import { type Code, copyMemory, I32, i32, i64, leave, ModuleWriter, v128 } from "./wasm.ts";

const LANES = 4;
const BLOCK = 64;

// What lies where in the memory.
/** A vector for each word of the state, a lane for each message. */
const STATE = 0;
/** For each lane: where its next block begins, how many are left, what it is at, its record. */
const LANE = 128;
const LANE_SIZE = 16;
const [AT, LEFT, PHASE, RECORD] = [0, 4, 8, 12];
/** Sums as limbs of 64 bits that hold 32 and their carries, the lowest first: of the exact digests, then of the contents. */
const SUMS = 192;
const SUM_SIZE = 64;
/** How many records were taken from the queue, and how many lanes still have one. */
const TAKEN = 320;
const BUSY = 324;
/** Two digits for each byte. */
const HEX = 512;
/** For each lane: what the exact digest is of, and what a lane without a record reads. */
const SIGNED = 1024;
const SIGNED_SIZE = 192;
/** For each record of the queue: where its text begins, its length, where its `ts` begins, its length. */
const QUEUE = 2048;
const ENTRY_SIZE = 16;
const QUEUE_MAX = 512;
const TEXTS = QUEUE + QUEUE_MAX * ENTRY_SIZE;
const PAGES = 3;
/** Behind a text, for what SHA-256 adds to it. */
const SPARE = 80;

const left = (lane: number): Code => i32.load(i32.const(lane), LEFT);

/** Phases of a lane. */
const [IDLE, CONTENT, EXACT] = [0, 1, 2];

/** Text that SHA-256 pads: at least a byte of ones and eight of length. */
const PADDING = 9;

function write(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter(PAGES);
  const zero = v128.load(i32.const(SIGNED + LANES * SIGNED_SIZE));

  /** Pads the text of `length` bytes at `text`. @returns how many blocks it has then. */
  const pad = module.add({ params: [I32, I32], results: [I32] }, (body, text, length) => {
    const end = body.local(I32);
    const blocks = body.local(I32);
    const bits = body.local(I32);
    return [
      end.set(i32.add(text.get, length.get)),
      blocks.set(i32.shr(i32.add(length.get, i32.const(PADDING + BLOCK - 1)), i32.const(6))),
      [0, 16, 32, 48, 64].map((offset) => v128.store(end.get, zero, offset)),
      i32.store8(end.get, i32.const(0x80)),
      end.set(i32.add(text.get, i32.shl(blocks.get, i32.const(6)))),
      bits.set(i32.shl(length.get, i32.const(3))),
      // Most significant first. No text is so long that there were more.
      [0, 1, 2].map((byte) =>
        i32.store8(i32.sub(end.get, i32.const(byte + 1)), i32.shr(bits.get, i32.const(8 * byte))),
      ),
      blocks.get,
    ];
  });

  /** Begins a message in a lane: the state of the lane, its block, how many it has, what it is. */
  const begin = module.add(
    { params: [I32, I32, I32, I32, I32], results: [] },
    (_, lane, state, text, blocks, phase) => [
      INITIAL.map((word, at) => i32.store(state.get, i32.const(word), 16 * at)),
      i32.store(lane.get, text.get, AT),
      i32.store(lane.get, blocks.get, LEFT),
      i32.store(lane.get, phase.get, PHASE),
    ],
  );

  /** Adds the digest that the state is to the sum at `sum`. */
  const addDigest = module.add({ params: [I32, I32], results: [] }, (_, state, sum) =>
    INITIAL.map((__, word) => {
      const limb = 8 * (INITIAL.length - 1 - word);
      return i64.store(
        sum.get,
        i64.add(i64.load(sum.get, limb), i64.load32(state.get, 16 * word)),
        limb,
      );
    }),
  );

  /** Goes on from the content's digest to what the exact one is of. */
  const sign = module.add({ params: [I32, I32, I32], results: [] }, (body, lane, state, signed) => {
    const word = body.local(I32);
    const entry = body.local(I32);
    const digits = (byte: number) =>
      i32.load(
        i32.shl(i32.and(i32.shr(word.get, i32.const(24 - 8 * byte)), i32.const(255)), i32.const(1)),
        HEX,
      );
    return [
      INITIAL.map((_, at) => [
        word.set(i32.load(state.get, 16 * at)),
        // Two digits a time; what is written beyond them, the next ones replace.
        [0, 1, 2, 3].map((byte) => i32.store(signed.get, digits(byte), 8 * at + 2 * byte)),
      ]),
      entry.set(i32.load(lane.get, RECORD)),
      i32.store8(signed.get, i32.const(0x3a), 64),
      copyMemory(
        i32.add(signed.get, i32.const(65)),
        i32.load(entry.get, 8),
        i32.load(entry.get, 12),
      ),
      begin(
        lane.get,
        state.get,
        signed.get,
        pad(signed.get, i32.add(i32.load(entry.get, 12), i32.const(65))),
        i32.const(EXACT),
      ),
    ];
  });

  /** Gives a lane that is done with its message the next one. */
  const turn = module.add({ params: [I32, I32], results: [] }, (body, number, count) => {
    const lane = body.local(I32);
    const state = body.local(I32);
    const signed = body.local(I32);
    const entry = body.local(I32);
    const phase = body.local(I32);
    const taken = i32.load(i32.const(TAKEN));
    const busy = i32.load(i32.const(BUSY));
    return [
      lane.set(i32.add(i32.const(LANE), i32.mul(number.get, i32.const(LANE_SIZE)))),
      state.set(i32.add(i32.const(STATE), i32.shl(number.get, i32.const(2)))),
      signed.set(i32.add(i32.const(SIGNED), i32.mul(number.get, i32.const(SIGNED_SIZE)))),
      phase.set(i32.load(lane.get, PHASE)),
      body.if(i32.eq(phase.get, i32.const(CONTENT)), () => [
        addDigest(state.get, i32.const(SUMS + SUM_SIZE)),
        sign(lane.get, state.get, signed.get),
        leave,
      ]),
      body.if(i32.eq(phase.get, i32.const(EXACT)), () => addDigest(state.get, i32.const(SUMS))),
      body.if(
        i32.lt(taken, count.get),
        () => [
          entry.set(i32.add(i32.const(QUEUE), i32.mul(taken, i32.const(ENTRY_SIZE)))),
          i32.store(i32.const(TAKEN), i32.add(taken, i32.const(1))),
          i32.store(lane.get, entry.get, RECORD),
          begin(
            lane.get,
            state.get,
            i32.load(entry.get),
            pad(i32.load(entry.get), i32.load(entry.get, 4)),
            i32.const(CONTENT),
          ),
        ],
        () => [
          i32.store(i32.const(BUSY), i32.sub(busy, i32.const(1))),
          // It goes on with nothing until the others are done.
          begin(lane.get, state.get, signed.get, i32.const(-1), i32.const(IDLE)),
        ],
      ),
    ];
  });

  module.add({ params: [I32], results: [], name: "digest" }, (body, count) => {
    const blocks = Array.from({ length: LANES }, () => body.local(I32));
    const lanes = blocks.map((block, number) => ({ block, number, at: LANE + number * LANE_SIZE }));
    return [
      i32.store(i32.const(TAKEN), i32.const(0)),
      i32.store(i32.const(BUSY), i32.const(LANES)),
      lanes.map(({ at }) => [
        i32.store(i32.const(at), i32.const(0), LEFT),
        i32.store(i32.const(at), i32.const(IDLE), PHASE),
      ]),
      body.block((done) =>
        body.loop((again) => [
          lanes.map(({ number, at }) =>
            body.if(i32.eqz(left(at)), () => turn(i32.const(number), count.get)),
          ),
          body.goIf(done, i32.eqz(i32.load(i32.const(BUSY)))),
          lanes.map(({ block, at }) => block.set(i32.load(i32.const(at), AT))),
          compress(body, i32.const(STATE), blocks),
          lanes.map(({ block, at }) => [
            i32.store(i32.const(at), i32.sub(left(at), i32.const(1)), LEFT),
            // One without a message stays where it is.
            body.if(i32.load(i32.const(at), PHASE), () =>
              i32.store(i32.const(at), i32.add(block.get, i32.const(BLOCK)), AT),
            ),
          ]),
          body.go(again),
        ]),
      ),
    ];
  });
  return module.finish();
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly digest: (count: number) => void;
}

/** Sums of digests as limbs of 32 bits, the lowest first, with their carries still in them. */
export interface Limbs {
  readonly exact: Float64Array<ArrayBuffer>;
  readonly content: Float64Array<ArrayBuffer>;
}

/** The most bytes that the text of a record that goes through the kernel may have. */
export const TEXT_MAX = 48 * 1024;
/** The most bytes that a `ts` may have. */
const TS_MAX = 20;

/** Hashes records and adds their digests up. There is one in a thread, which serves all who need it by turns. */
export class DigestKernel {
  /** Where the texts of records are put. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #digest: (count: number) => void;
  #owner: Limbs | undefined;
  #count = 0;
  #at = TEXTS;

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(write()));
    const { memory, digest } = exports as unknown as Exports;
    this.memory = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#digest = digest;
    for (let byte = 0; byte < 256; byte++)
      this.memory.set(Buffer.from(byte.toString(16).padStart(2, "0")), HEX + 2 * byte);
  }

  /** Where the text of the next record has to be put whose digests are for `owner`. */
  place(owner: Limbs): number {
    const isFull =
      this.#count === QUEUE_MAX || this.#at + TS_MAX + TEXT_MAX + SPARE > this.memory.length;
    if (isFull || owner !== this.#owner) this.settle();
    this.#owner = owner;
    return this.#at + TS_MAX;
  }

  /**
   * Takes the record whose text of `length` bytes was put at {@link place}, and whose `ts` is `bytes[ts..tsEnd]`, in
   * decimal: {@link TEXT_MAX} bytes and 20 at most.
   */
  push(length: number, bytes: Uint8Array, ts: number, tsEnd: number): void {
    const entry = (QUEUE + this.#count++ * ENTRY_SIZE) / 4;
    const words = this.#words;
    words[entry] = this.#at + TS_MAX;
    words[entry + 1] = length;
    words[entry + 2] = this.#at;
    words[entry + 3] = tsEnd - ts;
    for (let i = ts, at = this.#at; i < tsEnd; i++) this.memory[at++] = bytes[i]!;
    this.#at += TS_MAX + length + SPARE;
  }

  /** Adds the digests of all records that were taken to the sums of their owner. */
  settle(): void {
    if (this.#count === 0) return;
    this.#digest(this.#count);
    this.#count = 0;
    this.#at = TEXTS;
    this.#move(this.#owner!.exact, SUMS);
    this.#move(this.#owner!.content, SUMS + SUM_SIZE);
  }

  #move(limbs: Float64Array, sums: number): void {
    for (let limb = 0, at = sums / 4; limb < limbs.length; limb++, at += 2) {
      limbs[limb]! += this.#words[at]! + this.#words[at + 1]! * 2 ** 32;
      this.#words[at] = 0;
      this.#words[at + 1] = 0;
    }
  }
}
