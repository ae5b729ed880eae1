/**
 * SHA-256 (FIPS 180-4) of four messages at a time, side by side in the lanes of vectors: written as WebAssembly. One
 * call of Node's own costs as much as hashing a small record does (docs/PERFORMANCE.md).
 */
import {
  type Body,
  type Code,
  i32,
  i32x4,
  type Local,
  type ModuleWriter,
  V128,
  v128,
} from "./wasm.ts";

/** The first 32 bits of the fractional parts of roots of the first primes. */
const roots = (count: number, root: (prime: number) => number): number[] => {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++)
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes.map((prime) => Math.floor((root(prime) % 1) * 2 ** 32) | 0);
};

const ROUNDS = 64;
const K = roots(ROUNDS, Math.cbrt);
/** The state with which a message begins. */
export const INITIAL: readonly number[] = roots(8, Math.sqrt);

const { xor, select } = v128;
const { add, shl, shr } = i32x4;
const sum = (first: Code, ...others: Code[]): Code => others.reduce(add, first);

const rotated = (x: Local, by: number): Code => v128.or(shr(x.get, by), shl(x.get, 32 - by));
const sigma = (x: Local, a: number, b: number, c: Code): Code =>
  xor(xor(rotated(x, a), rotated(x, b)), c);

/** The bytes of each word, the other way round. */
const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
/** Words of two vectors, by their numbers: 0 to 3 of the first, 4 to 7 of the second. */
const words = (...picked: number[]): number[] =>
  picked.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
const LOW = words(0, 4, 1, 5);
const HIGH = words(2, 6, 3, 7);
const LOW_PAIR = words(0, 1, 4, 5);
const HIGH_PAIR = words(2, 3, 6, 7);

/**
 * Statements that take one block of 64 bytes of each of four messages into their states.
 *
 * @param state the address of eight vectors, one a word of the state, a lane a message.
 * @param blocks the addresses of the four blocks.
 */
export function compress(
  module: ModuleWriter,
  body: Body,
  state: Code,
  blocks: readonly Local[],
): Code {
  const constants = i32.const(
    module.constant(new Uint8Array(Int32Array.from(K.flatMap((k) => [k, k, k, k])).buffer)),
  );
  const w = Array.from({ length: 16 }, () => body.local(V128));
  const vars = Array.from({ length: 8 }, () => body.local(V128));
  const scratch = Array.from({ length: 4 }, () => body.local(V128));
  const t = body.local(V128);
  const code: Code[] = [];
  for (let group = 0; group < 4; group++) {
    blocks.forEach((block, lane) => {
      const loaded = scratch[lane]!.tee(v128.load(block.get, 16 * group));
      code.push(scratch[lane]!.set(v128.shuffle(loaded, scratch[lane]!.get, SWAP)));
    });
    const [a, b, c, d] = scratch.map((each) => each.get) as [Code, Code, Code, Code];
    const [w0, w1, w2, w3] = w.slice(4 * group) as [Local, Local, Local, Local];
    code.push(
      w0.set(v128.shuffle(a, b, LOW)),
      w1.set(v128.shuffle(c, d, LOW)),
      w2.set(v128.shuffle(a, b, HIGH)),
      w3.set(v128.shuffle(c, d, HIGH)),
      t.set(v128.shuffle(w0.get, w1.get, LOW_PAIR)),
      w1.set(v128.shuffle(w0.get, w1.get, HIGH_PAIR)),
      w0.set(t.get),
      t.set(v128.shuffle(w2.get, w3.get, LOW_PAIR)),
      w3.set(v128.shuffle(w2.get, w3.get, HIGH_PAIR)),
      w2.set(t.get),
    );
  }
  vars.forEach((each, word) => code.push(each.set(v128.load(state, 16 * word))));
  // Where b and c differ: what a and b were a round before.
  let [differ, differed] = [body.local(V128), body.local(V128)];
  code.push(differed.set(xor(vars[1]!.get, vars[2]!.get)));
  let [a, b, c, d, e, f, g, h] = vars as [Local, Local, Local, Local, Local, Local, Local, Local];
  for (let round = 0; round < ROUNDS; round++) {
    const word = w[round % 16]!;
    if (round >= 16) {
      const [w1, w9, w14] = [round + 1, round + 9, round + 14].map((at) => w[at % 16]!) as [
        Local,
        Local,
        Local,
      ];
      code.push(
        word.set(
          sum(
            word.get,
            sigma(w1, 7, 18, shr(w1.get, 3)),
            w9.get,
            sigma(w14, 17, 19, shr(w14.get, 10)),
          ),
        ),
      );
    }
    code.push(
      t.set(
        sum(
          h.get,
          add(word.get, v128.load(constants, 16 * round)),
          sigma(e, 6, 11, rotated(e, 25)),
          select(f.get, g.get, e.get),
        ),
      ),
      d.set(add(d.get, t.get)),
      differ.set(xor(a.get, b.get)),
      // The majority of a, b and c is b, but where both others differ from it.
      h.set(
        sum(t.get, sigma(a, 2, 13, rotated(a, 22)), xor(b.get, v128.and(differ.get, differed.get))),
      ),
    );
    [differ, differed] = [differed, differ];
    [a, b, c, d, e, f, g, h] = [h, a, b, c, d, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((each, at) =>
    code.push(v128.store(state, add(v128.load(state, 16 * at), each.get), 16 * at)),
  );
  return code;
}
