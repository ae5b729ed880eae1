/**
 * Writes WebAssembly: instructions as arrays of bytes, put together by functions that are named as the instructions
 * are (WebAssembly Core Specification 2.0, chapters 5.4 and 5.5). Only what the kernels need.
 *
 * An expression is the code that leaves one value; a statement leaves none. Statements are written one after the other
 * in an array.
 */

/** Code: opcodes and their immediates, nested as they were put together. */
export type Code = readonly (number | Code)[];

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof I64 | typeof V128;

/** A number of 32 bits as LEB128, signed: what constants take. */
function signed(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = rest === ((low & 0x40) === 0 ? 0 : -1);
    out.push(isLast ? low : low | 0x80);
    if (isLast) return out;
  }
}

/** As {@link signed}, of 64 bits. */
function signed64(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = value; ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === ((low & 0x40) === 0 ? 0n : -1n);
    out.push(isLast ? low : low | 0x80);
    if (isLast) return out;
  }
}

/** A number as LEB128, unsigned: what sizes, indexes and offsets take. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...out, rest];
}

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [a, b, ...opcode];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [a, ...opcode];
/** @param align the binary logarithm of what addresses are multiples of: always 0, they may be any. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [address, opcode, 0, unsigned(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, opcode, 0, unsigned(offset)];
/** Instructions on vectors follow a prefix. */
const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

export const i32 = {
  const: (value: number): Code => [0x41, signed(value | 0)],
  load: load(0x28),
  load8: load(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  eqz: unary(0x45),
  eq: binary(0x46),
  ne: binary(0x47),
  ltS: binary(0x48),
  lt: binary(0x49),
  gt: binary(0x4b),
  ge: binary(0x4f),
  ctz: unary(0x68),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  div: binary(0x6e),
  rem: binary(0x70),
  and: binary(0x71),
  or: binary(0x72),
  shl: binary(0x74),
  shr: binary(0x76),
};

export const i64 = {
  const: (value: bigint): Code => [0x42, signed64(value)],
  load: load(0x29),
  /** Four bytes, without a sign. */
  load32: load(0x35),
  store: store(0x37),
  eq: binary(0x51),
  ltS: binary(0x53),
  gtS: binary(0x55),
  leS: binary(0x57),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  fromI32: unary(0xad),
};

export const v128 = {
  load: load(...vector(0)),
  store: store(...vector(11)),
  /** The bytes of two vectors that `lanes` names: 0 to 15 of the first, 16 to 31 of the second. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [a, b, ...vector(13), ...lanes],
  and: binary(...vector(78)),
  or: binary(...vector(80)),
  xor: binary(...vector(81)),
  /** Bits of the first where the mask has ones, of the second elsewhere. */
  select: (a: Code, b: Code, mask: Code): Code => [a, b, mask, ...vector(82)],
};

export const i32x4 = {
  splat: unary(...vector(17)),
  add: binary(...vector(174)),
  shl: (a: Code, by: number): Code => [a, i32.const(by), ...vector(171)],
  shr: (a: Code, by: number): Code => [a, i32.const(by), ...vector(173)],
};

export const i8x16 = {
  splat: unary(...vector(15)),
  eq: binary(...vector(35)),
  lt: binary(...vector(38)),
  /** A bit for each byte: its highest. */
  bitmask: unary(...vector(100)),
};

export const copyMemory = (to: Code, from: Code, length: Code): Code => [
  to,
  from,
  length,
  0xfc,
  10,
  0,
  0,
];

/** A variable of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets it and leaves the value. */
  tee(value: Code): Code;
}

/** A character of ASCII. */
export const byte = (character: string): Code => i32.const(character.charCodeAt(0));

/** Adds to a variable. */
export const more = (at: Local, by = 1): Code => at.set(i32.add(at.get, i32.const(by)));

/** A place to go to, within the block that it belongs to. */
export interface Label {
  readonly depth: number;
}

/** The body of a function as it is written. */
export class Body {
  readonly #params: number;
  readonly #locals: ValueType[] = [];
  #depth = 0;

  constructor(params: number) {
    this.#params = params;
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return localAt(this.#params + this.#locals.length - 1);
  }

  /** Statements that `leave` goes behind. */
  block(body: (leave: Label) => Code): Code {
    return this.#nested(0x02, body);
  }

  /** Statements that `again` goes to the beginning of. */
  loop(body: (again: Label) => Code): Code {
    return this.#nested(0x03, body);
  }

  if(condition: Code, then: () => Code, otherwise?: () => Code): Code {
    const first = this.#inside(then);
    const second = otherwise === undefined ? [] : [0x05, this.#inside(otherwise)];
    return [condition, 0x04, 0x40, first, second, 0x0b];
  }

  go({ depth }: Label): Code {
    return [0x0c, ...unsigned(this.#depth - depth)];
  }

  goIf({ depth }: Label, condition: Code): Code {
    return [condition, 0x0d, ...unsigned(this.#depth - depth)];
  }

  get locals(): readonly ValueType[] {
    return this.#locals;
  }

  #nested(opcode: number, body: (label: Label) => Code): Code {
    const label = { depth: this.#depth + 1 };
    return [opcode, 0x40, this.#inside(() => body(label)), 0x0b];
  }

  #inside(body: () => Code): Code {
    this.#depth++;
    const code = body();
    this.#depth--;
    return code;
  }
}

const localAt = (index: number): Local => ({
  get: [0x20, ...unsigned(index)],
  set: (value) => [value, 0x21, ...unsigned(index)],
  tee: (value) => [value, 0x22, ...unsigned(index)],
});

/** Ends a function; with its result, if it has one. */
export const leave = (result: Code = []): Code => [result, 0x0f];

/** A function that can be called, before its body is written too. */
export interface Callee {
  (...args: Code[]): Code;
}

interface FunctionParts {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  code: Buffer;
}

/** Where rooms begin: addresses are multiples of it. */
const ALIGN = 16;
const PAGE = 64 * 1024;

/** A module with one memory, of which rooms and functions are added one after the other. */
export class ModuleWriter {
  readonly #imports: { readonly params: readonly ValueType[]; readonly name: string }[] = [];
  readonly #functions: FunctionParts[] = [];
  readonly #exports: Code[] = [];
  readonly #data: Code[] = [];
  // What lies at 0 is nowhere.
  #size = ALIGN;

  /** The address of so many bytes of memory, zero at first, that nobody else has. */
  room(bytes: number): number {
    const address = this.#size;
    this.#size += Math.ceil(bytes / ALIGN) * ALIGN;
    return address;
  }

  /** The address of bytes that are there from the beginning. */
  constant(bytes: Uint8Array): number {
    const address = this.room(bytes.length);
    this.#data.push([0, i32.const(address), 0x0b, unsigned(bytes.length), [...bytes]]);
    return address;
  }

  /** A function of JavaScript that has to be given as `js.NAME`. All of them come before the first of the module's own. */
  import(name: string, params: readonly ValueType[]): Callee {
    const index = this.#imports.length;
    this.#imports.push({ params, name });
    return (...args) => [...args, 0x10, unsigned(index)];
  }

  /** Adds a function. Under `name`, if there is one, it is exported. */
  add(
    { params, results, name }: Signature,
    write: (body: Body, ...params: Local[]) => Code,
  ): Callee {
    const index = this.#imports.length + this.#functions.length;
    const parts: FunctionParts = { params, results, code: Buffer.alloc(0) };
    this.#functions.push(parts);
    if (name !== undefined) this.#exports.push([text(name), 0, unsigned(index)]);
    const body = new Body(params.length);
    const code = write(body, ...params.map((_, at) => localAt(at)));
    parts.code = bytesOf([list(body.locals.map((type) => [1, type])), code, 0x0b]);
    return (...args) => [...args, 0x10, unsigned(index)];
  }

  /** The module's bytes. Its memory is exported as `memory`. */
  finish(): Uint8Array<ArrayBuffer> {
    const typeOf = (params: readonly ValueType[], results: readonly ValueType[] = []): Code => [
      0x60,
      list(params),
      list(results),
    ];
    const types = [
      ...this.#imports.map(({ params }) => typeOf(params)),
      ...this.#functions.map(({ params, results }) => typeOf(params, results)),
    ];
    const first = this.#imports.length;
    const imported = this.#imports.map(({ name }, index) => [
      text("js"),
      text(name),
      0,
      unsigned(index),
    ]);
    const pages = Math.ceil(this.#size / PAGE);
    const bodies = this.#functions.map(({ code }) =>
      Buffer.concat([bytesOf(unsigned(code.length)), code]),
    );
    return new Uint8Array(
      Buffer.concat([
        Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
        section(1, bytesOf(list(types))),
        section(2, bytesOf(list(imported))),
        section(3, bytesOf(list(this.#functions.map((_, index) => unsigned(first + index))))),
        section(5, bytesOf(list([[0, unsigned(pages)]]))),
        section(7, bytesOf(list([...this.#exports, [text("memory"), 2, 0]]))),
        section(10, Buffer.concat([bytesOf(unsigned(bodies.length)), ...bodies])),
        section(11, bytesOf(list(this.#data))),
      ]),
    );
  }
}

/**
 * What an instance of a module exports.
 *
 * @returns undefined where there is none to be had: on a processor without the vectors, or in a Node that compiles nothing.
 */
export function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  js: Record<string, (...args: number[]) => void> = {},
): WebAssembly.Exports | undefined {
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(bytes)) return undefined;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { js }).exports;
}

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly name?: string;
}

const list = (items: readonly (number | Code)[]): Code => [unsigned(items.length), items];
const text = (value: string): Code => list([...Buffer.from(value)]);
const section = (id: number, content: Buffer): Buffer =>
  Buffer.concat([bytesOf([id, unsigned(content.length)]), content]);

/** The bytes that code is. */
function bytesOf(code: Code): Buffer {
  const bytes: number[] = [];
  const collect = (part: Code): void => {
    for (const each of part) {
      if (typeof each === "number") bytes.push(each);
      else collect(each);
    }
  };
  collect(code);
  return Buffer.from(bytes);
}
