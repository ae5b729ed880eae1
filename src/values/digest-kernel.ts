/**
 * The two digests of many records, and the sums of them, in WebAssembly: what `digest.ts` and `fingerprint.ts` define.
 * A call out of JavaScript for each digest costs as much as hashing a small record (docs/decisions/0010).
 *
 * Each of four lanes takes a record from the queue, hashes its content block by block, then what its exact digest is
 * of, and takes the next one; so that records of all sizes keep all lanes busy.
 */
import { compress, INITIAL } from "./sha256-lanes.ts";
import { type Callee, copyMemory, I32, i32, i64, leave, type ModuleWriter, v128 } from "./wasm.ts";

const LANES = 4;
const BLOCK = 64;
/** What a lane is about: where its next block begins, how many are left, what it is at, its record. */
const LANE_SIZE = 16;
const [AT, LEFT, PHASE, RECORD] = [0, 4, 8, 12];
/** What the exact digest is of, and what SHA-256 adds to it. */
const SIGNED_SIZE = 192;
/** Phases of a lane. */
const [IDLE, CONTENT, EXACT] = [0, 1, 2];
/** Text that SHA-256 pads: at least a byte of ones and eight of length. */
const PADDING = 9;

/** A sum of digests: limbs of 64 bits that hold 32 and their carries, the lowest first. */
export const DIGEST_SUM_BYTES = 64;
/** A record in the queue: where its text begins, its length, where its `ts` begins, its length. */
export const DIGEST_ENTRY_BYTES = 16;
/** Behind a record's text, for what SHA-256 adds to it. */
export const DIGEST_SPARE_BYTES = 80;

export interface Digester {
  /** Statements that hash so many records from the queue and add their digests up. */
  readonly digest: Callee;
  readonly queue: number;
  /** The sum of the exact digests; that of the contents is behind it. */
  readonly sums: number;
}

/** @param queueMax how many records the queue takes. */
export function writeDigester(module: ModuleWriter, queueMax: number): Digester {
  /** A vector for each word of the state, a lane for each message. */
  const states = module.room(16 * INITIAL.length);
  const lanes = module.room(LANES * LANE_SIZE);
  const sums = module.room(2 * DIGEST_SUM_BYTES);
  /** How many records were taken from the queue, and how many lanes still have one. */
  const takenAt = module.room(4);
  const busyAt = module.room(4);
  const signatures = module.room(LANES * SIGNED_SIZE);
  const queue = module.room(queueMax * DIGEST_ENTRY_BYTES);
  const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  // Two more, for four are loaded where two are wanted.
  const hex = module.constant(Buffer.from(`${pairs.join("")}  `));
  const zero = v128.load(i32.const(module.room(16)));

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
        hex,
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

  const taken = i32.load(i32.const(takenAt));
  const busy = i32.load(i32.const(busyAt));

  /** Gives a lane that is done with its message the next one. */
  const turn = module.add({ params: [I32, I32], results: [] }, (body, number, count) => {
    const lane = body.local(I32);
    const state = body.local(I32);
    const signed = body.local(I32);
    const entry = body.local(I32);
    const phase = body.local(I32);
    return [
      lane.set(i32.add(i32.const(lanes), i32.mul(number.get, i32.const(LANE_SIZE)))),
      state.set(i32.add(i32.const(states), i32.shl(number.get, i32.const(2)))),
      signed.set(i32.add(i32.const(signatures), i32.mul(number.get, i32.const(SIGNED_SIZE)))),
      phase.set(i32.load(lane.get, PHASE)),
      body.if(i32.eq(phase.get, i32.const(CONTENT)), () => [
        addDigest(state.get, i32.const(sums + DIGEST_SUM_BYTES)),
        sign(lane.get, state.get, signed.get),
        leave(),
      ]),
      body.if(i32.eq(phase.get, i32.const(EXACT)), () => addDigest(state.get, i32.const(sums))),
      body.if(
        i32.lt(taken, count.get),
        () => [
          entry.set(i32.add(i32.const(queue), i32.mul(taken, i32.const(DIGEST_ENTRY_BYTES)))),
          i32.store(i32.const(takenAt), i32.add(taken, i32.const(1))),
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
          i32.store(i32.const(busyAt), i32.sub(busy, i32.const(1))),
          // It goes on with nothing until the others are done.
          begin(lane.get, state.get, signed.get, i32.const(-1), i32.const(IDLE)),
        ],
      ),
    ];
  });

  const digest = module.add({ params: [I32], results: [] }, (body, count) => {
    const blocks = Array.from({ length: LANES }, () => body.local(I32));
    const each = blocks.map((block, number) => {
      const lane = i32.const(lanes + number * LANE_SIZE);
      return { block, number, lane, left: i32.load(lane, LEFT) };
    });
    return [
      i32.store(i32.const(takenAt), i32.const(0)),
      i32.store(i32.const(busyAt), i32.const(LANES)),
      each.map(({ lane }) => [
        i32.store(lane, i32.const(0), LEFT),
        i32.store(lane, i32.const(IDLE), PHASE),
      ]),
      body.block((done) =>
        body.loop((again) => [
          each.map(({ number, left }) =>
            body.if(i32.eqz(left), () => turn(i32.const(number), count.get)),
          ),
          body.goIf(done, i32.eqz(busy)),
          each.map(({ block, lane }) => block.set(i32.load(lane, AT))),
          compress(module, body, i32.const(states), blocks),
          each.map(({ block, lane, left }) => [
            i32.store(lane, i32.sub(left, i32.const(1)), LEFT),
            // One without a message stays where it is.
            body.if(i32.load(lane, PHASE), () =>
              i32.store(lane, i32.add(block.get, i32.const(BLOCK)), AT),
            ),
          ]),
          body.go(again),
        ]),
      ),
    ];
  });
  return { digest, queue, sums };
}
