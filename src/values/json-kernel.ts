/**
 * The scanner of `byte-scan.ts` in WebAssembly, for the bytes of lines: strict JSON in canonical spelling, all else is
 * unsure. Strings, which most bytes are in, are looked at sixteen bytes at a time.
 *
 * No text goes on beyond a line feed, so that of what lies behind the last one nothing is ever believed.
 */
import {
  byte,
  type Callee,
  type Code,
  I32,
  i32,
  i8x16,
  leave,
  more,
  type ModuleWriter,
  V128,
  v128,
} from "./wasm.ts";

/** Nesting that is followed. */
export const DEPTH = 250;

/** What is no offset: it has to be looked at as text. */
export const unsure: Code = leave(i32.const(-1));

/** Whether a byte is a digit. */
const isDigit = (value: Code): Code => i32.lt(i32.sub(value, byte("0")), i32.const(10));

/** What follows a backslash in the escapes that are the shortest. */
const ESCAPES = Array.from('"\\bfnrt');

export interface JsonScanner {
  /** The offset behind the value that begins at an offset, or -1. */
  readonly value: Callee;
  /** The offset behind the string whose opening quote stands at an offset, or -1. */
  readonly string: Callee;
}

/** @param open the address of {@link DEPTH} bytes of its own. */
export function writeJsonScanner(module: ModuleWriter, open: number): JsonScanner {
  const one = { params: [I32], results: [I32] } as const;

  const string = module.add(one, (body, at) => {
    const bytes = body.local(V128);
    const found = body.local(I32);
    const special = [
      i8x16.eq(bytes.get, i8x16.splat(byte('"'))),
      i8x16.eq(bytes.get, i8x16.splat(byte("\\"))),
      i8x16.lt(bytes.get, i8x16.splat(i32.const(0x20))),
    ].reduce((a, b) => v128.or(a, b));
    return [
      body.if(i32.ne(i32.load8(at.get), byte('"')), () => unsure),
      more(at),
      body.loop((again) => [
        bytes.set(v128.load(at.get)),
        found.set(i8x16.bitmask(special)),
        body.if(i32.eqz(found.get), () => [more(at, 16), body.go(again)]),
        at.set(i32.add(at.get, i32.ctz(found.get))),
        found.set(i32.load8(at.get)),
        body.if(i32.eq(found.get, byte('"')), () => leave(i32.add(at.get, i32.const(1)))),
        body.if(i32.ne(found.get, byte("\\")), () => unsure),
        found.set(i32.load8(at.get, 1)),
        ESCAPES.map((letter) =>
          body.if(i32.eq(found.get, byte(letter)), () => [more(at, 2), body.go(again)]),
        ),
      ]),
      i32.const(-1),
    ];
  });

  /** The offset behind one digit or more. */
  const digits = module.add(one, (body, at) => [
    body.if(i32.eqz(isDigit(i32.load8(at.get))), () => unsure),
    body.loop((again) => [more(at), body.goIf(again, isDigit(i32.load8(at.get)))]),
    at.get,
  ]);

  const number = module.add(one, (body, at) => {
    const c = body.local(I32);
    const unsureIfSo = body.if(i32.ltS(at.get, i32.const(0)), () => unsure);
    return [
      body.if(i32.eq(i32.load8(at.get), byte("-")), () => more(at)),
      body.if(
        i32.eq(i32.load8(at.get), byte("0")),
        () => more(at),
        () => at.set(digits(at.get)),
      ),
      unsureIfSo,
      body.if(i32.eq(i32.load8(at.get), byte(".")), () =>
        at.set(digits(i32.add(at.get, i32.const(1)))),
      ),
      unsureIfSo,
      // Lower case: of letters only that bit tells the cases apart.
      c.set(i32.or(i32.load8(at.get), i32.const(0x20))),
      body.if(i32.ne(c.get, byte("e")), () => leave(at.get)),
      more(at),
      c.set(i32.load8(at.get)),
      body.if(i32.or(i32.eq(c.get, byte("+")), i32.eq(c.get, byte("-"))), () => more(at)),
      digits(at.get),
    ];
  });

  /** The offset behind a value that holds no others. */
  const scalar = module.add(one, (body, at) => {
    const word = (text: string): Code =>
      body.if(
        i32.eq(
          i32.load(i32.add(at.get, i32.const(text.length - 4))),
          i32.const(Buffer.from(text.slice(-4)).readInt32LE()),
        ),
        () => leave(i32.add(at.get, i32.const(text.length))),
      );
    const c = body.local(I32);
    return [
      c.set(i32.load8(at.get)),
      body.if(i32.eq(c.get, byte('"')), () => leave(string(at.get))),
      body.if(i32.eq(c.get, byte("t")), () => [word("true"), unsure]),
      body.if(i32.eq(c.get, byte("f")), () => [word("false"), unsure]),
      body.if(i32.eq(c.get, byte("n")), () => [word("null"), unsure]),
      number(at.get),
    ];
  });

  /** The offset of the value of the member whose name begins at an offset. */
  const name = module.add(one, (body, at) => [
    at.set(string(at.get)),
    body.if(i32.ltS(at.get, i32.const(0)), () => unsure),
    body.if(i32.ne(i32.load8(at.get), byte(":")), () => unsure),
    i32.add(at.get, i32.const(1)),
  ]);

  const value = module.add(one, (body, at) => {
    const depth = body.local(I32);
    const c = body.local(I32);
    const close = body.local(I32);
    const unsureIfSo = () => body.if(i32.ltS(at.get, i32.const(0)), () => unsure);
    const isOpening = i32.eq(i32.and(c.get, i32.const(~0x20 & 0xff)), i32.const("[".charCodeAt(0)));
    return [
      body.loop((nextValue) => [
        c.set(i32.load8(at.get)),
        body.if(
          isOpening,
          () => [
            more(at),
            // What closes it comes two behind it in ASCII.
            c.set(i32.add(c.get, i32.const(2))),
            body.if(
              i32.eq(i32.load8(at.get), c.get),
              () => more(at),
              () => [
                body.if(i32.eq(depth.get, i32.const(DEPTH)), () => unsure),
                i32.store8(depth.get, c.get, open),
                more(depth),
                body.if(i32.eq(c.get, byte("}")), () => [at.set(name(at.get)), unsureIfSo()]),
                body.go(nextValue),
              ],
            ),
          ],
          () => [at.set(scalar(at.get)), unsureIfSo()],
        ),
        body.loop((nextEnd) => [
          body.if(i32.eqz(depth.get), () => leave(at.get)),
          c.set(i32.load8(at.get)),
          more(at),
          close.set(i32.load8(depth.get, open - 1)),
          body.if(i32.eq(c.get, close.get), () => [more(depth, -1), body.go(nextEnd)]),
          body.if(i32.ne(c.get, byte(",")), () => unsure),
          body.if(i32.eq(close.get, byte("}")), () => [at.set(name(at.get)), unsureIfSo()]),
          body.go(nextValue),
        ]),
      ]),
      i32.const(-1),
    ];
  });
  return { value, string };
}
