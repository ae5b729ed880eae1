/** Strings, counted in code points. */
import {
  boolean,
  type Cast,
  integer,
  optional,
  regex,
  scalar,
  string,
  zeroOrMore,
} from "../cast.ts";
import { fail, invalidArgument, outOfBounds, V4Error, V4Failure } from "../failure.ts";
import { caseFold } from "../../text/fold.ts";
import { type Call, define, type Form, type Lifetime } from "../form.ts";
import { PURE } from "../frame.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import { type Literal, typeOf } from "../value.ts";

/** Repetitions and results that a function gives at most. */
const MAX_REPEATS = 1024;

const points = (text: string): number => Array.from(text).length;

/** The place in UTF-16 units of the code point number `index`. */
function unitOf(text: string, index: number): number {
  let unit = 0;
  for (let i = 0; i < index && unit < text.length; i++) {
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

/** The same function under its name before the unstable version and since. */
function renamed(
  old: string,
  name: string,
  make: (name: string, lifetime: Lifetime) => Form,
): Form[] {
  return [make(old, { until: "UNSTABLE" }), make(name, { since: "UNSTABLE" })];
}

const unary =
  (apply: (text: string) => Literal) =>
  (name: string, lifetime: Lifetime = {}): Form =>
    define({ [name]: string }, PURE, (args) => apply(args[name] as string), lifetime);

const search =
  (apply: (text: string, wanted: string) => boolean) =>
  (name: string, lifetime: Lifetime): Form =>
    define(
      { [name]: string, search: string },
      PURE,
      (args) => apply(args[name] as string, args["search"]),
      lifetime,
    );

const NORMAL_FORMS = ["NFKCCaseFold", "NFC", "NFD", "NFKC", "NFKD"] as const;
type NormalForm = (typeof NORMAL_FORMS)[number];

const normalizer: Cast<NormalForm> = (value, position) =>
  NORMAL_FORMS.find((form) => form === value) ??
  fail(
    invalidArgument(
      `String 'NFKCCaseFold', 'NFC', 'NFD', 'NFKC', or 'NFKD' expected, ${typeOf(value)} provided.`,
      position,
    ),
  );

function casefold(terms: readonly Literal[], form: NormalForm | undefined): Literal {
  const folded = terms.map((term) => {
    if (typeof term !== "string") return term;
    return form === undefined || form === "NFKCCaseFold" ? caseFold(term) : term.normalize(form);
  });
  return folded.length === 1 ? folded[0]! : folded;
}

function findStr(text: string, wanted: string, start: bigint | undefined): bigint {
  const begin = start !== undefined && start > 0n && start < text.length ? Number(start) : 0;
  const index = text.indexOf(wanted, unitOf(text, begin));
  return BigInt(index > 0 ? points(text.slice(0, index)) : index);
}

function findStrRegex(
  text: string,
  pattern: RegExp,
  start: bigint | undefined,
  limit: bigint | undefined,
): Literal {
  const offset = start !== undefined && start > 0n && start < text.length ? Number(start) : 0;
  const rest = text.slice(unitOf(text, offset));
  const most = Math.min(Number(limit ?? MAX_REPEATS), MAX_REPEATS);
  const found: Literal[] = [];
  for (const match of rest.matchAll(pattern)) {
    if (found.length >= most) break;
    const end = match.index + match[0].length;
    const last = match[0] === "" ? end : end - 1;
    found.push(
      new Map<string, Literal>([
        ["start", BigInt(offset + points(rest.slice(0, match.index)))],
        ["end", BigInt(offset + points(rest.slice(0, last)))],
        ["data", match[0]],
      ]),
    );
  }
  return found;
}

function replaceRegex(text: string, pattern: RegExp, by: string, first: boolean): string {
  const once = new RegExp(pattern.source, first ? pattern.flags.replace("g", "") : pattern.flags);
  // Java writes a literal dollar sign as `\$`, JavaScript as `$$`, and the whole match as `$0` and `$&`.
  const replacement = by
    .replaceAll(/\\(.)/gs, (_, char: string) => (char === "$" ? "$$" : char))
    .replaceAll(/\$0/g, "$$&");
  return text.replace(once, replacement);
}

function subString(
  text: string,
  start: bigint | undefined,
  length: bigint | undefined,
  position: Position,
): string {
  const size = points(text);
  const begin = start === undefined ? 0 : Number(start < 0n ? BigInt(size) + start : start);
  if (begin > size || begin < 0) {
    fail(outOfBounds("start", "less than or equal to the string length", position));
  }
  if (length !== undefined && length < 0n) fail(outOfBounds("length", "positive", position));
  const end = length === undefined ? size : Math.min(begin + Number(length), size);
  return text.slice(unitOf(text, begin), unitOf(text, end));
}

const NGRAM_MIN = 1n;
const NGRAM_MAX = 2n;

function ngram(
  terms: readonly Literal[],
  min: bigint | undefined,
  max: bigint | undefined,
  { frame: { session }, position }: Call,
): Literal {
  const least = min ?? NGRAM_MIN;
  const most = max ?? NGRAM_MAX;
  const errors: V4Error[] = [];
  if (min !== undefined && (least > most || least <= 0n)) {
    errors.push(outOfBounds("min ngram size", "> 0 and <= max", position));
  }
  if (max !== undefined && most <= 0n) {
    errors.push(outOfBounds("max ngram size", "> 0", position));
  }
  if (most - least > 1n) errors.push(outOfBounds("max ngram size", "<= min + 1", position));
  if (errors.length > 0) throw new V4Failure(errors);
  return terms.flatMap((term): readonly Literal[] =>
    typeof term === "string"
      ? grams(Array.from(term), Number(least), Number(most), session)
      : [term],
  );
}

function grams(chars: readonly string[], least: number, most: number, session: Session): string[] {
  return chars.flatMap((_, i) => {
    const sizes: string[] = [];
    for (let size = least; size <= most && i + size <= chars.length; size++) {
      const gram = chars.slice(i, i + size).join("");
      session.make(gram);
      sizes.push(gram);
    }
    return sizes;
  });
}

function titleCase(text: string): string {
  return text.replaceAll(/\p{L}[\p{L}\p{M}\p{N}'’]*/gu, (word) => {
    const [first = "", ...rest] = word;
    return first.toUpperCase() + rest.join("").toLowerCase();
  });
}

function split(
  text: string,
  by: string | RegExp,
  count: bigint | undefined,
  position: Position,
): Literal {
  if (count !== undefined && count <= 0n) {
    fail(outOfBounds("count", "count > 0", position.at("count")));
  }
  if (count !== undefined && count > 1024n) {
    fail(outOfBounds("count", "count <= 1024", position.at("count")));
  }
  return text.split(by).slice(0, Number(count ?? MAX_REPEATS));
}

/** Runs `match` with the time that the query has left. */
function matching<T>(
  { frame }: Call,
  pattern: RegExp,
  text: string,
  match: (pattern: RegExp, text: string) => T,
): T {
  return frame.session.matching(pattern, text.length, () => match(pattern, text));
}

const unstable: Lifetime = { since: "UNSTABLE" };

export const stringForms: readonly Form[] = [
  define({ concat: zeroOrMore(string), separator: optional(string) }, PURE, (args) =>
    args.concat.join(args.separator ?? ""),
  ),
  define({ casefold: zeroOrMore(scalar), normalizer: optional(normalizer) }, PURE, (args) =>
    casefold(args.casefold, args.normalizer),
  ),
  ...renamed(
    "regexescape",
    "regex_escape",
    unary((text) => `\\Q${text.replaceAll("\\E", "\\E\\\\E\\Q")}\\E`),
  ),
  ...renamed(
    "startswith",
    "starts_with",
    search((text, wanted) => text.startsWith(wanted)),
  ),
  ...renamed(
    "endswith",
    "ends_with",
    search((text, wanted) => text.endsWith(wanted)),
  ),
  ...renamed(
    "containsstr",
    "contains_str",
    search((text, wanted) => text.includes(wanted)),
  ),
  ...renamed("containsstrregex", "contains_str_regex", (name, lifetime) =>
    define(
      { [name]: string, pattern: regex },
      PURE,
      (args, call) =>
        matching(call, args["pattern"], args[name] as string, (pattern, text) =>
          pattern.test(text),
        ),
      lifetime,
    ),
  ),
  ...renamed("findstr", "find_str", (name, lifetime) =>
    define(
      { [name]: string, find: string, start: optional(integer) },
      PURE,
      (args) => findStr(args[name] as string, args["find"], args["start"]),
      lifetime,
    ),
  ),
  ...renamed("findstrregex", "find_str_regex", (name, lifetime) =>
    define(
      { [name]: string, pattern: regex, start: optional(integer), num_results: optional(integer) },
      PURE,
      (args, call) =>
        matching(call, args["pattern"], args[name] as string, (pattern, text) =>
          findStrRegex(text, pattern, args["start"], args["num_results"]),
        ),
      lifetime,
    ),
  ),
  unary((text) => BigInt(points(text)))("length"),
  ...renamed(
    "lowercase",
    "lower_case",
    unary((text) => text.toLowerCase()),
  ),
  ...renamed(
    "uppercase",
    "upper_case",
    unary((text) => text.toUpperCase()),
  ),
  ...renamed("titlecase", "title_case", unary(titleCase)),
  ...renamed(
    "ltrim",
    "l_trim",
    unary((text) => text.trimStart()),
  ),
  ...renamed(
    "rtrim",
    "r_trim",
    unary((text) => text.trimEnd()),
  ),
  unary((text) => text.trim())("trim"),
  define(
    { ngram: zeroOrMore(scalar), min: optional(integer), max: optional(integer) },
    PURE,
    (args, call) => ngram(args.ngram, args.min, args.max, call),
  ),
  define({ repeat: string, number: optional(integer) }, PURE, (args) =>
    args.repeat.repeat(Math.max(0, Math.min(Number(args.number ?? 2n), MAX_REPEATS))),
  ),
  ...renamed("replacestr", "replace_str", (name, lifetime) =>
    define(
      { [name]: string, find: string, replace: string },
      PURE,
      (args) => (args[name] as string).replaceAll(args["find"], () => args["replace"]),
      lifetime,
    ),
  ),
  ...renamed("replacestrregex", "replace_str_regex", (name, lifetime) =>
    define(
      { [name]: string, pattern: regex, replace: string, first: optional(boolean) },
      PURE,
      (args, call) =>
        matching(call, args["pattern"], args[name] as string, (pattern, text) =>
          replaceRegex(text, pattern, args["replace"], args["first"] === true),
        ),
      lifetime,
    ),
  ),
  define({ space: integer }, PURE, (args) =>
    " ".repeat(Math.max(0, Math.min(Number(args.space), MAX_REPEATS))),
  ),
  ...renamed("substring", "sub_string", (name, lifetime) =>
    define(
      { [name]: string, start: optional(integer), length: optional(integer) },
      PURE,
      (args, { position }) =>
        subString(args[name] as string, args["start"], args["length"], position),
      lifetime,
    ),
  ),
  define(
    { split_str: string, token: string, count: optional(integer) },
    PURE,
    (args, { position }) => split(args.split_str, args.token, args.count, position),
    unstable,
  ),
  define(
    { split_str_regex: string, pattern: regex, count: optional(integer) },
    PURE,
    (args, call) =>
      matching(call, args.pattern, args.split_str_regex, (pattern, text) =>
        split(text, pattern, args.count, call.position),
      ),
    unstable,
  ),
];
