/**
 * The elements of a page of one collection, read in WebAssembly: documents, which become lines, and refs, of which ids
 * are wanted. It takes what is plainly of the form that servers print, one after the other, and stops before the first
 * element that is not, which is looked at in JavaScript.
 */
import { DEPTH, writeJsonScanner } from "./json-kernel.ts";
import {
  COPY_SPARE_BYTES,
  type Piece,
  RecordReader,
  standsAt,
  writeCopy,
} from "./record-kernel.ts";
import {
  type Body,
  byte,
  type Code,
  I32,
  i32,
  i8x16,
  instantiate,
  leave,
  type Local,
  ModuleWriter,
  more,
  v128,
} from "./wasm.ts";

/** How much of a page is looked at at once. */
const INPUT_BYTES = 64 * 1024;
/** What is tried where documents have to be looked at in JavaScript one after the other. */
const INPUT_BYTES_MIN = 2 * 1024;
/** What follows an id in a ref: at least its collection. */
const TAIL_BYTES_MIN = 16;
const TAIL_BYTES_MAX = 1024;
const REF_HEAD = '{"@ref":{"id":"';
/** No ref is shorter than its head and such a tail. */
const REFS_MAX = Math.ceil(INPUT_BYTES / (REF_HEAD.length + TAIL_BYTES_MIN));

interface Rooms {
  readonly input: number;
  readonly output: number;
  readonly ends: number;
  readonly tail: number;
  readonly state: number;
}

/** Numbers of 32 bits. */
const STATE = { tailBytes: 0, count: 4, outputEnd: 8, size: 12 };

function write(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly rooms: Rooms } {
  const module = new ModuleWriter();
  const json = writeJsonScanner(module, module.room(DEPTH));
  const copy = writeCopy(module);
  const rooms: Rooms = {
    state: module.room(STATE.size),
    tail: module.room(TAIL_BYTES_MAX),
    ends: module.room(4 * REFS_MAX),
    input: module.room(INPUT_BYTES + TAIL_BYTES_MAX),
    // A document's line is shorter than the document.
    output: module.room(INPUT_BYTES + COPY_SPARE_BYTES),
  };
  const state = i32.const(rooms.state);
  const tailBytes = i32.load(state, STATE.tailBytes);
  const count = i32.load(state, STATE.count);

  /** Whether the tail stands at an address. */
  const isTail = module.add({ params: [I32], results: [I32] }, (body, at) => {
    const offset = body.local(I32);
    const last = body.local(I32);
    const sixteen = (from: Code): Code => [
      i32.ne(
        i8x16.bitmask(
          i8x16.eq(
            v128.load(i32.add(at.get, from)),
            v128.load(i32.add(i32.const(rooms.tail), from)),
          ),
        ),
        i32.const(0xffff),
      ),
    ];
    return [
      last.set(i32.sub(tailBytes, i32.const(16))),
      body.loop((again) => [
        body.if(sixteen(offset.get), () => leave(i32.const(0))),
        more(offset, 16),
        body.goIf(again, i32.lt(offset.get, last.get)),
      ]),
      i32.eqz(sixteen(last.get)),
    ];
  });

  /** Passes the ref of a document, and knows its id then. */
  const readRef = (record: RecordReader, at: Local): Code => [
    record.pass(REF_HEAD),
    record.readId(),
    record.unsureUnless(isTail(at.get)),
    at.set(i32.add(at.get, tailBytes)),
  ];

  /** Adds a function that reads elements from an address on, and leaves the address behind the last one it took. */
  const addElements = (
    name: string,
    element: (record: RecordReader, at: Local, body: Body) => Code,
  ): void => {
    module.add({ params: [I32], results: [I32], name }, (body, at) => {
      const done = body.local(I32);
      return [
        i32.store(state, i32.const(0), STATE.count),
        i32.store(state, i32.const(rooms.output), STATE.outputEnd),
        done.set(at.get),
        body.loop((again) => [
          element(new RecordReader(body, json, at, leave(done.get)), at, body),
          i32.store(state, i32.add(count, i32.const(1)), STATE.count),
          done.set(at.get),
          body.if(i32.ne(i32.load8(at.get), byte(",")), () => leave(done.get)),
          more(at),
          body.go(again),
        ]),
        i32.const(-1),
      ];
    });
  };

  addElements("refs", (record, at) => [
    readRef(record, at),
    i32.store(
      i32.add(i32.const(rooms.ends), i32.shl(count, i32.const(2))),
      i32.sub(record.id.end.get, i32.const(rooms.input)),
    ),
  ]);

  addElements("documents", (record, at, body) => {
    const { id, ts, ttl, data } = record;
    const out = body.local(I32);
    const put = (text: string): Code => {
      const from = i32.const(module.constant(Buffer.from(text.padEnd(COPY_SPARE_BYTES))));
      return [v128.store(out.get, v128.load(from)), more(out, text.length)];
    };
    const putPiece = ({ start, end }: Piece): Code => out.set(copy(out.get, start.get, end.get));
    return [
      record.pass('{"ref":'),
      readRef(record, at),
      ts.start.set(i32.const(0)),
      record.readMembers((next) =>
        body.if(i32.and(standsAt(at.get, 'ts":'), i32.eqz(ts.start.get)), () => [
          more(at, 'ts":'.length),
          record.readTs(),
          body.go(next),
        ]),
      ),
      record.pass("}"),
      record.unsureIf(i32.eqz(ts.start.get)),
      record.unsureIf(i32.eqz(data.start.get)),
      out.set(i32.load(state, STATE.outputEnd)),
      put('{"id":"'),
      putPiece(id),
      put('","ts":'),
      putPiece(ts),
      body.if(ttl.start.get, () => [put(',"ttl":{"@ts":"'), putPiece(ttl), put('"}')]),
      put(',"data":'),
      putPiece(data),
      put("}\n"),
      i32.store(state, out.get, STATE.outputEnd),
    ];
  });
  return { bytes: module.finish(), rooms };
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly refs: (from: number) => number;
  readonly documents: (from: number) => number;
}

/** Where a run of elements ended, and how many there were. */
export interface Run {
  /** The offset behind the last one that was taken; of none, where it began. */
  readonly end: number;
  readonly count: number;
}

let shared: PageKernel | undefined;

/** Reads elements of pages. There is one in a thread, which serves one page after the other. */
export class PageKernel {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #rooms: Rooms;
  /** Undefined where nothing can be read by it. */
  readonly #exports: Exports | undefined;
  #hasTail = false;
  #inputBytes = INPUT_BYTES;

  /** The one of this thread, which knows no tail yet. */
  static begin(): PageKernel {
    shared ??= new PageKernel();
    shared.#hasTail = false;
    shared.#inputBytes = INPUT_BYTES;
    return shared;
  }

  private constructor() {
    const { bytes, rooms } = write();
    this.#exports = instantiate(bytes) as Exports | undefined;
    const memory = this.#exports?.memory.buffer ?? new ArrayBuffer(rooms.input);
    this.#bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.#rooms = rooms;
  }

  /** Sets what follows the id in refs of the collection, from its closing quote on. */
  set tail(tail: Uint8Array) {
    this.#hasTail = tail.length >= TAIL_BYTES_MIN && tail.length <= TAIL_BYTES_MAX;
    if (!this.#hasTail) return;
    this.#bytes.set(tail, this.#rooms.tail);
    this.#words[(this.#rooms.state + STATE.tailBytes) / 4] = tail.length;
  }

  /** Takes refs from offset `from` on, telling where the digits of each id end. */
  refs(page: Uint8Array, from: number, onEnd: (end: number) => void): Run {
    const first = this.#rooms.ends / 4;
    const run = this.#run(page, from, this.#exports?.refs);
    for (let i = 0; i < run.count; i++) onEnd(this.#words[first + i]! + from);
    return run;
  }

  /** Takes documents from offset `from` on, and gives their lines, which are there until the next call. */
  documents(page: Uint8Array, from: number): Run & { readonly lines: Uint8Array } {
    const { output, state } = this.#rooms;
    const run = this.#run(page, from, this.#exports?.documents);
    const end = this.#words[(state + STATE.outputEnd) / 4]!;
    return { ...run, lines: this.#bytes.subarray(output, run.count === 0 ? output : end) };
  }

  #run(page: Uint8Array, from: number, read: ((from: number) => number) | undefined): Run {
    if (!this.#hasTail || read === undefined) return { end: from, count: 0 };
    const { input, state } = this.#rooms;
    const to = Math.min(page.length, from + this.#inputBytes);
    this.#bytes.set(page.subarray(from, to), input);
    // Behind it, nothing is read on.
    this.#bytes[input + to - from] = 0;
    const end = read(input) - input + from;
    const count = this.#words[(state + STATE.count) / 4]!;
    const next = count === 0 ? this.#inputBytes / 2 : 2 * this.#inputBytes;
    this.#inputBytes = Math.max(INPUT_BYTES_MIN, Math.min(INPUT_BYTES, next));
    return { end, count };
  }
}
