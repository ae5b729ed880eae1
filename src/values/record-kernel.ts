/**
 * The pieces of a record, found in WebAssembly: what `record-spans.ts` does, for the kernels that read lines and pages.
 * Their limits are the same, so that both are sure of the same records.
 */
import type { JsonScanner } from "./json-kernel.ts";
import {
  type Body,
  byte,
  type Callee,
  type Code,
  copyMemory,
  I32,
  i32,
  I64,
  i64,
  type Label,
  type Local,
  type ModuleWriter,
  more,
  v128,
} from "./wasm.ts";

/** Ids and times of more digits are left to JavaScript: they may not be numbers of 64 bits, or of 53. */
const ID_DIGITS = 18;
const TS_DIGITS = 16;
/** A time as servers print it is much shorter. */
const TTL_BYTES = 64;
const TTL_HEAD = 'ttl":{"@ts":"';
/** A copy of more bytes than that is worth a call. */
const COPY_BYTES = 512;
/** What may be read and written beyond a copy's end. */
export const COPY_SPARE_BYTES = 16;

/** Whether a text stands at an address. */
export function standsAt(at: Code, text: string): Code {
  const bytes = Buffer.alloc(8);
  bytes.write(text.slice(0, 8));
  const mask = BigInt.asIntN(64, (1n << (8n * BigInt(Math.min(text.length, 8)))) - 1n);
  const first = i64.eq(i64.and(i64.load(at), i64.const(mask)), i64.const(bytes.readBigInt64LE()));
  if (text.length <= 8) return first;
  return i32.and(first, standsAt(i32.add(at, i32.const(8)), text.slice(8)));
}

/** A piece of a record: from an address, 0 if it is not there, up to another. */
export interface Piece {
  readonly start: Local;
  readonly end: Local;
}

/**
 * Statements that read the pieces of one record, each at the address `at`, which is behind it then. Where something is
 * not plainly as it should be, `unsure` is done.
 */
export class RecordReader {
  readonly id: Piece;
  readonly ts: Piece;
  readonly ttl: Piece;
  readonly data: Piece;
  readonly extra: Piece;
  /** The number that was read last. */
  readonly number: Local;
  readonly #body: Body;
  readonly #json: JsonScanner;
  readonly #at: Local;
  readonly #c: Local;
  readonly #first: Local;
  readonly #unsure: Code;

  constructor(body: Body, json: JsonScanner, at: Local, unsure: Code) {
    const piece = (): Piece => ({ start: body.local(I32), end: body.local(I32) });
    this.id = piece();
    this.ts = piece();
    this.ttl = piece();
    this.data = piece();
    this.extra = piece();
    this.number = body.local(I64);
    this.#c = body.local(I32);
    this.#first = body.local(I32);
    this.#body = body;
    this.#json = json;
    this.#at = at;
    this.#unsure = unsure;
  }

  unsureIf(condition: Code): Code {
    return this.#body.if(condition, () => this.#unsure);
  }

  unsureUnless(condition: Code): Code {
    return this.unsureIf(i32.eqz(condition));
  }

  /** Passes a text that has to be there. */
  pass(text: string): Code {
    return [this.unsureUnless(standsAt(this.#at.get, text)), more(this.#at, text.length)];
  }

  /** The digits of an id. */
  readId(): Code {
    const { start, end } = this.id;
    const at = this.#at;
    return [start.set(at.get), this.#digits(start, ID_DIGITS), end.set(at.get)];
  }

  /** The integer that is the time. */
  readTs(): Code {
    const { start, end } = this.ts;
    const [at, first, number] = [this.#at, this.#first, this.number];
    return [
      start.set(at.get),
      this.#body.if(i32.eq(i32.load8(at.get), byte("-")), () => more(at)),
      first.set(at.get),
      this.#digits(first, TS_DIGITS),
      end.set(at.get),
      this.unsureIf(i64.gtS(number.get, i64.const(BigInt(Number.MAX_SAFE_INTEGER)))),
      this.#body.if(i32.ne(first.get, start.get), () => [
        this.unsureIf(i32.eq(i32.load8(first.get), byte("0"))),
        number.set(i64.sub(i64.const(0n), number.get)),
      ]),
    ];
  }

  /**
   * Members in any order, each once at most, as far as they are followed by a comma and a quote; the comma and the quote
   * of the first one included.
   *
   * @param others what else there may be; goes to the label behind each.
   */
  readMembers(others: (next: Label) => Code): Code {
    const [body, at] = [this.#body, this.#at];
    const { ttl, data, extra } = this;
    return [
      [ttl, data, extra].map(({ start }) => start.set(i32.const(0))),
      body.block((done) =>
        body.loop((next) => [
          body.goIf(done, i32.eqz(standsAt(at.get, ',"'))),
          more(at, 2),
          body.if(this.#isNew(data, 'data":'), () => [this.#object('data":', data), body.go(next)]),
          body.if(this.#isNew(ttl, TTL_HEAD), () => [this.#readTtl(), body.go(next)]),
          others(next),
          this.#unsure,
        ]),
      ),
    ];
  }

  /** The member `extra`, if it is that. */
  readExtra(next: Label): Code {
    const head = 'extra":';
    const read = () => [this.#object(head, this.extra), this.#body.go(next)];
    return this.#body.if(this.#isNew(this.extra, head), read);
  }

  /** Whether the member of a piece stands here for the first time. */
  #isNew({ start }: Piece, head: string): Code {
    return i32.and(standsAt(this.#at.get, head), i32.eqz(start.get));
  }

  #object(head: string, { start, end }: Piece): Code {
    const at = this.#at;
    return [
      more(at, head.length),
      this.unsureIf(i32.ne(i32.load8(at.get), byte("{"))),
      start.set(at.get),
      at.set(this.#json.value(at.get)),
      this.unsureIf(i32.ltS(at.get, i32.const(0))),
      end.set(at.get),
    ];
  }

  #readTtl(): Code {
    const [body, at, c] = [this.#body, this.#at, this.#c];
    const { start, end } = this.ttl;
    return [
      more(at, TTL_HEAD.length),
      start.set(at.get),
      at.set(this.#json.string(i32.sub(at.get, i32.const(1)))),
      this.unsureIf(i32.ltS(at.get, i32.const(0))),
      end.set(i32.sub(at.get, i32.const(1))),
      this.unsureIf(i32.ne(i32.load8(at.get), byte("}"))),
      this.unsureIf(i32.ge(i32.sub(end.get, start.get), i32.const(TTL_BYTES))),
      // Without any escape.
      c.set(start.get),
      body.block((done) =>
        body.loop((again) => [
          body.goIf(done, i32.eq(c.get, end.get)),
          this.unsureIf(i32.eq(i32.load8(c.get), byte("\\"))),
          more(c),
          body.go(again),
        ]),
      ),
      more(at),
    ];
  }

  /** Digits into `number`; more of them than `most`, none, or a zero before others, are unsure. */
  #digits(first: Local, most: number): Code {
    const [body, at, c, number] = [this.#body, this.#at, this.#c, this.number];
    return [
      number.set(i64.const(0n)),
      body.block((done) =>
        body.loop((again) => [
          c.set(i32.sub(i32.load8(at.get), byte("0"))),
          body.goIf(done, i32.ge(c.get, i32.const(10))),
          number.set(i64.add(i64.mul(number.get, i64.const(10n)), i64.fromI32(c.get))),
          more(at),
          body.go(again),
        ]),
      ),
      c.set(i32.sub(at.get, first.get)),
      this.unsureIf(i32.eqz(c.get)),
      this.unsureIf(i32.gt(c.get, i32.const(most))),
      this.unsureIf(i32.and(i32.eq(i32.load8(first.get), byte("0")), i32.gt(c.get, i32.const(1)))),
    ];
  }
}

/**
 * Adds a function that copies bytes to an address, from another up to a third, and leaves the address behind the copy.
 * It may read and write {@link COPY_SPARE_BYTES} beyond.
 */
export function writeCopy(module: ModuleWriter): Callee {
  return module.add({ params: [I32, I32, I32], results: [I32] }, (body, to, from, end) => {
    const length = body.local(I32);
    const at = body.local(I32);
    return [
      length.set(i32.sub(end.get, from.get)),
      body.if(
        i32.gt(length.get, i32.const(COPY_BYTES)),
        () => copyMemory(to.get, from.get, length.get),
        () => [
          at.set(to.get),
          body.loop((again) => [
            v128.store(at.get, v128.load(from.get)),
            more(at, 16),
            more(from, 16),
            body.goIf(again, i32.lt(from.get, end.get)),
          ]),
        ],
      ),
      i32.add(to.get, length.get),
    ];
  });
}
