/**
 * Lines of segments, read and digested in WebAssembly: `readLineSpans` and the digests of `digest.ts` in one pass. What
 * it is unsure of is left where it is, for JavaScript to look at.
 */
import {
  DIGEST_ENTRY_BYTES,
  DIGEST_SPARE_BYTES,
  DIGEST_SUM_BYTES,
  writeDigester,
} from "./digest-kernel.ts";
import type { DigestSums } from "./digest-sums.ts";
import { DEPTH, writeJsonScanner } from "./json-kernel.ts";
import { COPY_SPARE_BYTES, RecordReader, writeCopy } from "./record-kernel.ts";
import {
  byte,
  type Callee,
  type Code,
  I32,
  i32,
  I64,
  i64,
  instantiate,
  leave,
  type Local,
  ModuleWriter,
  more,
} from "./wasm.ts";

/** Text that is looked at at once. */
const INPUT_BYTES = 64 * 1024;
/** The frame of the collection's name that is taken; longer ones are rare, and slow. */
const NAME_BYTES_MAX = 1024;
/** What the frames of a record's pieces have besides the pieces, at most. */
const FRAMES_BYTES = 64;
/** Texts of records that wait for being hashed: at least that of one. */
const TEXTS_BYTES = INPUT_BYTES + NAME_BYTES_MAX + FRAMES_BYTES + 2 * DIGEST_SPARE_BYTES;
const QUEUE_MAX = 512;
/** The shortest line, `{"id":"1","ts":1,"data":{}}` and its line feed. */
const LINE_BYTES_MIN = 28;
/** A text of more bytes than that is hashed by Node, whose hashing is faster once the call is paid for. */
const HASH_BYTES = 1536;

/** The parts of the memory that JavaScript looks at. */
interface Rooms {
  readonly input: number;
  readonly ends: number;
  readonly name: number;
  readonly state: number;
  readonly sums: number;
}

/** What the state holds, by its place: of the lines that were read since it was reset. */
const STATE = {
  /** Numbers of 64 bits. */
  lastId: 0,
  minTs: 8,
  maxTs: 16,
  /** Numbers of 32 bits. */
  hasExtra: 24,
  nameBytes: 28,
  /** Of the last call alone. */
  lines: 32,
  /** Records in the queue, and where the text of the next one comes. */
  count: 36,
  textAt: 40,
  size: 48,
};

const tenth = (number: Local): Code => number.set(i32.div(number.get, i32.const(10)));

/** A function that puts the frame of a piece, from one address up to another, or that there is none if it is from 0. */
function writeFrame(module: ModuleWriter, copy: Callee): Callee {
  const decimal = module.add({ params: [I32, I32], results: [I32] }, (body, to, value) => {
    const rest = body.local(I32);
    const at = body.local(I32);
    return [
      rest.set(value.get),
      body.loop((again) => [more(to, 1), tenth(rest), body.goIf(again, rest.get)]),
      at.set(to.get),
      body.loop((again) => [
        more(at, -1),
        i32.store8(at.get, i32.add(i32.rem(value.get, i32.const(10)), byte("0"))),
        tenth(value),
        body.goIf(again, value.get),
      ]),
      to.get,
    ];
  });
  return module.add({ params: [I32, I32, I32], results: [I32] }, (body, to, from, end) => [
    body.if(i32.eqz(from.get), () => [
      i32.store8(to.get, byte("-")),
      leave(i32.add(to.get, i32.const(1))),
    ]),
    to.set(decimal(to.get, i32.sub(end.get, from.get))),
    i32.store8(to.get, byte(":")),
    copy(i32.add(to.get, i32.const(1)), from.get, end.get),
  ]);
}

function write(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly rooms: Rooms } {
  const module = new ModuleWriter();
  const digestLong = module.import("digestLong", [I32, I32, I32, I32]);
  const { digest, queue, sums } = writeDigester(module, QUEUE_MAX);
  const json = writeJsonScanner(module, module.room(DEPTH));
  const copy = writeCopy(module);
  const frame = writeFrame(module, copy);
  const rooms: Rooms = {
    sums,
    state: module.room(STATE.size),
    name: module.room(NAME_BYTES_MAX + COPY_SPARE_BYTES),
    ends: module.room(4 * Math.ceil(INPUT_BYTES / LINE_BYTES_MIN)),
    input: module.room(INPUT_BYTES + COPY_SPARE_BYTES),
  };
  const texts = module.room(TEXTS_BYTES);
  const state = i32.const(rooms.state);
  const count = i32.load(state, STATE.count);
  const textAt = i32.load(state, STATE.textAt);
  const lines = i32.load(state, STATE.lines);

  /** Hashes what waits for it. */
  const settle = module.add({ params: [], results: [] }, () => [
    digest(count),
    i32.store(state, i32.const(0), STATE.count),
    i32.store(state, i32.const(texts), STATE.textAt),
  ]);

  /** Reads the lines from an address up to another. Leaves the address of the first that it is unsure of, or the end. */
  const read = module.add({ params: [I32, I32], results: [I32] }, (body, at, to) => {
    const start = body.local(I32);
    const idNumber = body.local(I64);
    const text = body.local(I32);
    const entry = body.local(I32);
    const record = new RecordReader(body, json, at, leave(start.get));
    const { id, ts, ttl, data, extra, number } = record;
    const lastId = i64.load(state, STATE.lastId);
    const ts64 = (place: number, isFurther: (a: Code, b: Code) => Code): Code =>
      body.if(isFurther(number.get, i64.load(state, place)), () =>
        i64.store(state, number.get, place),
      );
    /** Puts the text together that is hashed, and the record into the queue. */
    const queued: Code = [
      body.if(
        i32.or(
          i32.eq(count, i32.const(QUEUE_MAX)),
          i32.gt(
            i32.add(textAt, i32.sub(at.get, start.get)),
            i32.const(texts + TEXTS_BYTES - NAME_BYTES_MAX - FRAMES_BYTES - 2 * DIGEST_SPARE_BYTES),
          ),
        ),
        () => settle(),
      ),
      text.set(
        copy(
          textAt,
          i32.const(rooms.name),
          i32.add(i32.const(rooms.name), i32.load(state, STATE.nameBytes)),
        ),
      ),
      text.set(frame(text.get, id.start.get, id.end.get)),
      i32.store8(text.get, byte("-")), // no action
      text.set(frame(i32.add(text.get, i32.const(1)), ttl.start.get, ttl.end.get)),
      text.set(frame(text.get, data.start.get, data.end.get)),
      text.set(frame(text.get, extra.start.get, extra.end.get)),
      body.if(
        i32.gt(i32.sub(text.get, textAt), i32.const(HASH_BYTES)),
        () => digestLong(textAt, text.get, ts.start.get, ts.end.get),
        () => [
          entry.set(i32.add(i32.const(queue), i32.mul(count, i32.const(DIGEST_ENTRY_BYTES)))),
          i32.store(entry.get, textAt),
          i32.store(entry.get, i32.sub(text.get, textAt), 4),
          i32.store(entry.get, ts.start.get, 8),
          i32.store(entry.get, i32.sub(ts.end.get, ts.start.get), 12),
          i32.store(state, i32.add(text.get, i32.const(DIGEST_SPARE_BYTES)), STATE.textAt),
          i32.store(state, i32.add(count, i32.const(1)), STATE.count),
        ],
      ),
    ];
    return [
      body.loop((again) => [
        body.if(i32.ge(at.get, to.get), () => leave(at.get)),
        start.set(at.get),
        record.pass('{"id":"'),
        record.readId(),
        record.unsureIf(i64.leS(number.get, lastId)),
        idNumber.set(number.get),
        record.pass('","ts":'),
        record.readTs(),
        record.readMembers((next) => record.readExtra(next)),
        record.pass("}\n"),
        record.unsureIf(i32.eqz(data.start.get)),
        queued,
        i64.store(state, idNumber.get, STATE.lastId),
        ts64(STATE.minTs, i64.ltS),
        ts64(STATE.maxTs, i64.gtS),
        body.if(extra.start.get, () => i32.store(state, i32.const(1), STATE.hasExtra)),
        i32.store(
          i32.add(i32.const(rooms.ends), i32.shl(lines, i32.const(2))),
          i32.sub(at.get, i32.const(rooms.input)),
        ),
        i32.store(state, i32.add(lines, i32.const(1)), STATE.lines),
        body.go(again),
      ]),
      i32.const(-1),
    ];
  });

  module.add({ params: [I32, I32], results: [I32], name: "read" }, (body, from, to) => {
    const at = body.local(I32);
    return [
      i32.store(state, i32.const(0), STATE.lines),
      i32.store(state, i32.const(0), STATE.count),
      i32.store(state, i32.const(texts), STATE.textAt),
      at.set(read(from.get, to.get)),
      settle(),
      at.get,
    ];
  });
  return { bytes: module.finish(), rooms };
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly read: (from: number, to: number) => number;
}

const LINE_FEED = 0x0a;
/** Before all ids. */
const NO_ID = -1n;
/** Times: the first and the last that there are. */
export const EARLIEST = -(2n ** 63n);
export const LATEST = 2n ** 63n - 1n;

/** Reads lines, of one collection after the other. There is one in a thread. */
export class LineKernel {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #rooms: Rooms;
  /** Undefined where nothing can be read by it. */
  readonly #read: Exports["read"] | undefined;
  /** What the input is a copy of: from this offset of the caller's bytes. */
  #from = 0;
  /** Whose sums are added to. */
  #sums: DigestSums | undefined;

  constructor() {
    const { bytes, rooms } = write();
    const js = {
      digestLong: (text: number, textEnd: number, ts: number, tsEnd: number) =>
        this.#sums?.addText(this.#bytes.subarray(text, textEnd), this.#bytes.subarray(ts, tsEnd)),
    };
    const exports = instantiate(bytes, js) as Exports | undefined;
    // What is known of lines is there in any case; behind it comes what is only read by the module.
    const memory = exports?.memory.buffer ?? new ArrayBuffer(rooms.input);
    this.#bytes = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.#words = new Uint32Array(memory);
    this.#rooms = rooms;
    this.#read = exports?.read;
  }

  /** Begins with no lines of a collection. @returns false when none can be taken, as of one with too long a name. */
  begin(collection: string): boolean {
    const { state, sums } = this.#rooms;
    // Something is there only when the last reading ended with an error.
    this.#bytes.fill(0, sums, sums + 2 * DIGEST_SUM_BYTES);
    this.#view.setBigInt64(state + STATE.minTs, LATEST, true);
    this.#view.setBigInt64(state + STATE.maxTs, EARLIEST, true);
    this.#view.setUint32(state + STATE.hasExtra, 0, true);
    this.lastId = NO_ID;
    const name = Buffer.from(`${Buffer.byteLength(collection)}:${collection}`);
    if (this.#read === undefined || name.length > NAME_BYTES_MAX) return false;
    this.#bytes.set(name, this.#rooms.name);
    this.#view.setUint32(state + STATE.nameBytes, name.length, true);
    return true;
  }

  /** Takes whole lines of `bytes`, from offset `from` on. @returns the offset behind them, which is `from` when the first is too long. */
  take(bytes: Uint8Array<ArrayBuffer>, from: number): number {
    const { buffer, byteOffset, length } = bytes;
    const some = Buffer.from(buffer, byteOffset + from, Math.min(INPUT_BYTES, length - from));
    const to = some.lastIndexOf(LINE_FEED) + 1;
    this.#bytes.set(some.subarray(0, to), this.#rooms.input);
    this.#from = from;
    return from + to;
  }

  /**
   * Reads of the lines that were taken those from offset `at` up to `to`, puts where each ends into `ends`, and adds
   * their digests to `sums`.
   *
   * @returns the offset of the first line that it is unsure of, or `to`.
   */
  read(at: number, to: number, ends: { push(end: number): void }, sums: DigestSums): number {
    const { input, ends: found, state, sums: own } = this.#rooms;
    const shift = input - this.#from;
    this.#sums = sums;
    const before = sums.records;
    const end = this.#read!(at + shift, to + shift) - shift;
    const lines = this.#view.getUint32(state + STATE.lines, true);
    for (let i = 0; i < lines; i++) ends.push(this.#words[found / 4 + i]! + this.#from);
    this.#move(sums.limbs.exact, own);
    this.#move(sums.limbs.content, own + DIGEST_SUM_BYTES);
    sums.count(lines - (sums.records - before));
    return end;
  }

  /** The id of the last line; -1 before the first. Lines with others that are not greater are unsure. */
  get lastId(): bigint {
    return this.#view.getBigInt64(this.#rooms.state + STATE.lastId, true);
  }

  set lastId(id: bigint) {
    this.#view.setBigInt64(this.#rooms.state + STATE.lastId, id, true);
  }

  /** The least time of those that were read; more than any when there was none. */
  get minTs(): bigint {
    return this.#view.getBigInt64(this.#rooms.state + STATE.minTs, true);
  }

  get maxTs(): bigint {
    return this.#view.getBigInt64(this.#rooms.state + STATE.maxTs, true);
  }

  /** Whether any record has `extra` members. */
  get hasExtra(): boolean {
    return this.#view.getUint32(this.#rooms.state + STATE.hasExtra, true) === 1;
  }

  #move(limbs: Float64Array, sums: number): void {
    for (let limb = 0, at = sums / 4; limb < limbs.length; limb++, at += 2) {
      limbs[limb]! += this.#words[at]! + this.#words[at + 1]! * 2 ** 32;
      this.#words[at] = 0;
      this.#words[at + 1] = 0;
    }
  }
}
