/** Strings. Positions count code points, not UTF-16 units. */
import { parseDouble } from "../../../values/double.ts";
import { MAX_STRING, tooLarge } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import { displayText } from "../render/text.ts";
import { Double, Int, Long, Null, type Value } from "../values.ts";
import { caseFold } from "../../text/fold.ts";
import { compileRegex } from "./regex.ts";
import { baseFor } from "./base.ts";
import { on, param, table } from "./table.ts";
import { any, int, parseLong, string } from "./tags.ts";

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;

function codePoints(text: string, end = text.length): number {
  let count = 0;
  for (let index = 0; index < end; index++) {
    if (isHigh(text.charCodeAt(index)) && index + 1 < end && isLow(text.charCodeAt(index + 1)))
      index++;
    count++;
  }
  return count;
}

/** The UTF-16 position of a code point; undefined if the text has fewer. */
function unitOf(text: string, codePoint: number): number | undefined {
  let unit = 0;
  for (let count = 0; count < codePoint; count++) {
    if (unit >= text.length) return undefined;
    unit += isHigh(text.charCodeAt(unit)) && isLow(text.charCodeAt(unit + 1)) ? 2 : 1;
  }
  return unit;
}

function outOfBounds(context: Context, index: number, length: number) {
  return context.failure(
    "index_out_of_bounds",
    `index ${index} out of bounds for length ${length}`,
  );
}

function checkedUnit(context: Context, text: string, index: number, inclusive = false): number {
  const unit = index < 0 ? undefined : unitOf(text, index);
  if (unit === undefined || (!inclusive && unit >= text.length))
    throw outOfBounds(context, index, codePoints(text));
  return unit;
}

function looseUnit(text: string, index: number): number {
  return index < 0 ? 0 : (unitOf(text, index) ?? text.length);
}

function characterAt(context: Context, text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(checkedUnit(context, text, index)) ?? 0);
}

/** `text`, unless it is longer than a string may be. */
function checkLength(context: Context, text: string): string {
  if (text.length <= MAX_STRING) return text;
  throw tooLarge(context, `string size ${text.length} exceeds limit ${MAX_STRING}`);
}

const none = (context: Context) => Null.element("no element found", context.span);
const found = (context: Context, text: string, unit: number): Value =>
  unit < 0 ? none(context) : new Int(codePoints(text, unit));

/** Finds a stretch of text at or after a position. */
type Finder = (text: string, from: number) => { start: number; end: number } | undefined;

const literalFinder =
  (pattern: string): Finder =>
  (text, from) => {
    const start = text.indexOf(pattern, from);
    return start < 0 ? undefined : { start, end: start + pattern.length };
  };

const regexFinder = (context: Context, source: string): Finder => {
  const regex = compileRegex(context, source);
  return (text, from) => {
    const match = context.query.matching(regex, text.length, () => regex.exec(text.slice(from)));
    return match === null
      ? undefined
      : { start: from + match.index, end: from + match.index + match[0].length };
  };
};

function replace(
  context: Context,
  text: string,
  find: Finder,
  replacement: string,
  count: number,
): string {
  if (count < 1)
    throw context.failure(
      "invalid_argument",
      "invalid argument `count`: must be greater than or equal to 1",
    );
  let result = "";
  let done = 0;
  for (let left = count; left > 0; left--) {
    context.query.tick();
    const match = done > text.length ? undefined : find(text, done);
    if (match === undefined) break;
    result += text.slice(done, match.start) + replacement;
    done = match.end;
    if (match.start === match.end) {
      result += text.slice(done, done + 1);
      done++;
    }
    checkLength(context, result);
  }
  return checkLength(context, result + text.slice(done));
}

/** As JavaScript splits, not Java: empty parts at the end are kept. */
function split(text: string, find: Finder): string[] {
  const parts: string[] = [];
  let done = 0;
  while (done < text.length) {
    const match = find(text, done);
    if (match === undefined) break;
    if (match.start === match.end) {
      parts.push(text.slice(done, done + 1));
      done++;
      if (done === text.length - 1) break;
    } else {
      parts.push(text.slice(done, match.start));
      done = match.end;
    }
  }
  return [...parts, text.slice(done)];
}

function matches(context: Context, text: string, source: string) {
  const regex = compileRegex(context, source, "g");
  const all = context.query.matching(regex, text.length, () => [...text.matchAll(regex)]);
  return all.map((match) => ({ unit: match.index, text: match[0] }));
}

const invalidNumber = (context: Context) => new Null({ kind: "number", span: context.span });

function radixLong(context: Context, text: string, radix: number): bigint | undefined {
  if (radix < 2 || radix > 36) {
    throw context.failure(
      "invalid_argument",
      "invalid argument `format`: invalid radix, expected a number from 2-36",
    );
  }
  const digits = /^([+-]?)([0-9a-z]+)$/i.exec(text);
  if (digits === null) return undefined;
  let value = 0n;
  for (const char of digits[2] ?? "") {
    const digit = Number.parseInt(char, 36);
    if (digit >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(digit);
    if (value > 1n << 64n) return undefined;
  }
  return parseLong(String(digits[1] === "-" ? -value : value));
}

const fitsInt = (value: bigint) => value >= -2147483648n && value <= 2147483647n;

function parseInteger(context: Context, text: string, radix: number): Value {
  const value = radixLong(context, text, radix);
  return value === undefined || !fitsInt(value) ? invalidNumber(context) : new Int(Number(value));
}

function parseLongNumber(context: Context, text: string, radix: number): Value {
  const value = radixLong(context, text, radix);
  return value === undefined ? invalidNumber(context) : new Long(value);
}

/** The double that a text spells as Java reads it; undefined if it spells none. */
export function readDouble(text: string): number | undefined {
  const trimmed = text.trim();
  if (
    !/^[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?)$/.test(trimmed)
  )
    return undefined;
  return parseDouble(trimmed.replace(/([0-9.])[dDfF]$/, "$1").replace(/^\+/, ""));
}

function parseAnyNumber(context: Context, text: string): Value {
  const whole = parseLong(text);
  if (whole !== undefined) return fitsInt(whole) ? new Int(Number(whole)) : new Long(whole);
  const double = readDouble(text);
  return double === undefined ? invalidNumber(context) : new Double(double);
}

const FORMS: Readonly<Record<string, (text: string) => string>> = {
  NFKCCaseFold: caseFold,
  NFC: (text) => text.normalize("NFC"),
  NFD: (text) => text.normalize("NFD"),
  NFKC: (text) => text.normalize("NFKC"),
  NFKD: (text) => text.normalize("NFKD"),
};

function casefold(context: Context, text: string, form: string): string {
  const fold = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined;
  if (fold !== undefined) return fold(text);
  const expected = "expected a casefold format (one of NFKCCaseFold, NFC, NFD, NFKC, or NFKD)";
  throw context.failure("invalid_argument", `invalid argument \`format\`: ${expected}`);
}

const text = (name: string) => param(name, string);
const position = (name: string) => param(name, int);
const ALL = Number.MAX_SAFE_INTEGER;

export const stringTable = table<string>(
  {
    fields: { length: (_context, self) => new Int(codePoints(self)) },
    access: on([position("index")], characterAt),
    operators: {
      "+": on([param("other", any)], (context, self, other) =>
        checkLength(context, self + displayText(context, other)),
      ),
    },
    methods: {
      at: on([position("index")], characterAt),
      concat: on([text("other")], (context, self, other) => checkLength(context, self + other)),
      endsWith: on([text("suffix")], (_context, self, suffix) => self.endsWith(suffix)),
      startsWith: on([text("prefix")], (_context, self, prefix) => self.startsWith(prefix)),
      includes: on([text("pattern")], (_context, self, pattern) => self.includes(pattern)),
      includesRegex: on(
        [text("regex")],
        (context, self, regex) => regexFinder(context, regex)(self, 0) !== undefined,
      ),
      insert: on([position("index"), text("other")], (context, self, index, other) => {
        const unit = checkedUnit(context, self, index, true);
        return checkLength(context, self.slice(0, unit) + other + self.slice(unit));
      }),
      indexOf: [
        on([text("pattern")], (context, self, pattern) =>
          found(context, self, self.indexOf(pattern)),
        ),
        on([text("pattern"), position("start")], (context, self, pattern, start) =>
          found(context, self, self.indexOf(pattern, checkedUnit(context, self, start))),
        ),
      ],
      lastIndexOf: [
        on([text("pattern")], (context, self, pattern) =>
          found(context, self, self.lastIndexOf(pattern)),
        ),
        on([text("pattern"), position("end")], (context, self, pattern, end) =>
          found(context, self, self.lastIndexOf(pattern, checkedUnit(context, self, end))),
        ),
      ],
      indexOfRegex: [
        on([text("regex")], (context, self, regex) =>
          found(context, self, regexFinder(context, regex)(self, 0)?.start ?? -1),
        ),
        on([text("regex"), position("start")], (context, self, regex, start) =>
          found(
            context,
            self,
            regexFinder(context, regex)(self, checkedUnit(context, self, start))?.start ?? -1,
          ),
        ),
      ],
      matches: on([text("regex")], (context, self, regex) =>
        matches(context, self, regex).map((match) => match.text),
      ),
      matchIndexes: on([text("regex")], (context, self, regex) =>
        matches(context, self, regex).map((match) => [
          found(context, self, match.unit),
          match.text,
        ]),
      ),
      replace: [
        on([text("pattern"), text("replacement")], (context, self, pattern, replacement) =>
          replace(context, self, literalFinder(pattern), replacement, 1),
        ),
        on(
          [text("pattern"), text("replacement"), position("amount")],
          (context, self, pattern, replacement, amount) =>
            replace(context, self, literalFinder(pattern), replacement, amount),
        ),
      ],
      replaceAll: on(
        [text("pattern"), text("replacement")],
        (context, self, pattern, replacement) =>
          replace(context, self, literalFinder(pattern), replacement, ALL),
      ),
      replaceRegex: [
        on([text("regex"), text("replacement")], (context, self, regex, replacement) =>
          replace(context, self, regexFinder(context, regex), replacement, 1),
        ),
        on(
          [text("regex"), text("replacement"), position("amount")],
          (context, self, regex, replacement, amount) =>
            replace(context, self, regexFinder(context, regex), replacement, amount),
        ),
      ],
      replaceAllRegex: on(
        [text("pattern"), text("replacement")],
        (context, self, regex, replacement) =>
          replace(context, self, regexFinder(context, regex), replacement, ALL),
      ),
      slice: [
        on([position("start")], (_context, self, start) => self.slice(looseUnit(self, start))),
        on([position("start"), position("end")], (_context, self, start, end) =>
          self.slice(
            looseUnit(self, start),
            Math.max(looseUnit(self, start), looseUnit(self, end)),
          ),
        ),
      ],
      toLowerCase: on([], (_context, self) => self.toLowerCase()),
      toUpperCase: on([], (_context, self) => self.toUpperCase()),
      casefold: [
        on([], (context, self) => casefold(context, self, "NFKCCaseFold")),
        on([text("format")], casefold),
      ],
      parseNumber: on([], parseAnyNumber),
      parseDouble: on([], (context, self) => {
        const value = readDouble(self);
        return value === undefined ? invalidNumber(context) : new Double(value);
      }),
      parseLong: [
        on([], (context, self) => parseLongNumber(context, self, 10)),
        on([position("radix")], parseLongNumber),
      ],
      parseInt: [
        on([], (context, self) => parseInteger(context, self, 10)),
        on([position("radix")], parseInteger),
      ],
      split: on([text("separator")], (_context, self, separator) =>
        split(self, literalFinder(separator)),
      ),
      splitRegex: on([text("regex")], (context, self, regex) =>
        split(self, regexFinder(context, regex)),
      ),
      splitAt: on([position("index")], (context, self, index) => {
        const unit = checkedUnit(context, self, index, true);
        return [self.slice(0, unit), self.slice(unit)];
      }),
    },
  },
  baseFor(),
);
