/** The one home of values that break lesser tools, and generators of values for property tests. */
import * as fc from "fast-check";
import { type Json, JsonNumber, parseJson } from "../../src/values/json.ts";
import { LocalDate } from "../../src/values/date.ts";
import { Time } from "../../src/values/time.ts";
import { printV4 } from "../../src/values/v4.ts";
import { Uuid } from "../../src/values/uuid.ts";
import {
  collectionRef,
  documentRef,
  Lambda,
  Ref,
  SetRef,
  type Value,
} from "../../src/values/value.ts";

/** The largest integer that a JavaScript number holds exactly. */
export const largestSafeInteger = 9007199254740991n;
/** The first integer that a JavaScript number rounds. */
export const longAboveDouble = 9007199254740993n;
export const mostPositiveLong = 2n ** 63n - 1n;
export const mostNegativeLong = -(2n ** 63n);
export const negativeZero = -0;
/** A double that is whole: v4 prints 1.0, and 1 is another value. */
export const wholeDouble = 1;
export const smallestDouble = 5e-324;
export const notANumber = NaN;
export const positiveInfinity = Infinity;
export const negativeInfinity = -Infinity;
/** A string that v4 prints exactly as it prints the double. */
export const stringThatLooksLikeNaN = "NaN";
export const loneSurrogate = "a\ud800b";
export const controlCharacters = "\u0000\u0001\b\t\n\f\r\u001f\u007f\u2028\u2029";
export const quotesAndBackslashes = '"\\"\\\\/ "NaN" {"@double":"NaN"} null,null';
export const leadingByteOrderMark = "\ufefftext";
export const emptyKey = "";
export const protoKey = "__proto__";
export const keyNamedLikeATag = "@ref";
export const emptyBytes = new Uint8Array();
export const someBytes = Uint8Array.of(0, 255, 62, 63);
export const dateBeyond9999 = LocalDate.parse("+10000-01-01");
export const dateBeforeYearZero = LocalDate.parse("-0044-03-15");
export const leapDay = LocalDate.parse("2024-02-29");
export const nanosecondTime = Time.parse("2024-01-01T00:00:00.123456789Z");
export const timeBeyond9999 = Time.parse("+10000-01-01T00:00:00Z");
export const timeBeforeYearZero = Time.parse("-0001-12-31T23:59:59.999999999Z");
export const uuid = Uuid.parse("123e4567-e89b-12d3-a456-426614174000");
export const nullsInArrays: Value = [null, 1n, [null], new Map([["a", [null]]])];
/** Keys that JavaScript objects move to the front, in an order they would not keep. */
export const integerLikeKeysInOrder = new Map<string, Value>([
  ["10", 1n],
  ["b", 2n],
  ["2", 3n],
  ["1", 4n],
]);
export const objectOfTagNames = new Map<string, Value>([
  ["@ref", "x"],
  ["@ts", 5n],
  ["@obj", new Map([["@double", "NaN"]])],
]);
export const objectThatLooksLikeOurDouble = new Map<string, Value>([["@double", "NaN"]]);
export const lambdaWithApiVersion = new Lambda(
  parseJson('{"api_version":"2.12","lambda":["a","_"],"expr":{"if":[null,{"var":"a"}],"x":1.0}}'),
);
export const documentReference = documentRef("C", "1");
export const collectionReference = collectionRef("C");
export const indexReference = new Ref("ix", new Ref("indexes"));
export const functionReference = new Ref("f", new Ref("functions"));
export const roleReference = new Ref("r", new Ref("roles"));
export const databaseReference = new Ref("kid", new Ref("databases"));
export const accessProviderReference = new Ref("auth0", new Ref("access_providers"));
export const keyReference = new Ref("370000000000000001", new Ref("keys"));
export const tokenReference = new Ref("370000000000000002", new Ref("tokens"));
export const credentialReference = new Ref("370000000000000003", new Ref("credentials"));
export const nativeCollectionReference = new Ref("keys");
export const foreignReference = new Ref(
  "1",
  new Ref("C", new Ref("collections"), databaseReference),
);
export const setReference = new SetRef(
  parseJson('{"match":{"@ref":{"id":"ix","collection":{"@ref":{"id":"indexes"}}}},"terms":"x"}'),
);

/** Every nasty value above that v10's tagged form holds, by name. */
export const holdableInTagged: Readonly<Record<string, Value>> = {
  largestSafeInteger,
  longAboveDouble,
  mostPositiveLong,
  mostNegativeLong,
  negativeZero,
  wholeDouble,
  smallestDouble,
  notANumber,
  positiveInfinity,
  negativeInfinity,
  stringThatLooksLikeNaN,
  loneSurrogate,
  controlCharacters,
  quotesAndBackslashes,
  leadingByteOrderMark,
  emptyBytes,
  someBytes,
  dateBeyond9999,
  dateBeforeYearZero,
  leapDay,
  nanosecondTime,
  timeBeyond9999,
  timeBeforeYearZero,
  uuid,
  nullsInArrays,
  integerLikeKeysInOrder,
  objectOfTagNames,
  objectThatLooksLikeOurDouble,
  documentReference,
  collectionReference,
  functionReference,
  roleReference,
  databaseReference,
  accessProviderReference,
  keyReference,
  tokenReference,
  credentialReference,
  objectWithEmptyKey: new Map([[emptyKey, 1n]]),
  objectWithProtoKey: new Map<string, Value>([
    [protoKey, new Map([["polluted", true]])],
    ["constructor", 1n],
  ]),
  objectWithKeyNamedLikeATag: new Map([[keyNamedLikeATag, "x"]]),
  emptyObject: new Map(),
  emptyArray: [],
  emptyString: "",
};

/** Every nasty value that the record's form holds: all of them. */
export const nastyValues: Readonly<Record<string, Value>> = {
  ...holdableInTagged,
  lambdaWithApiVersion,
  indexReference,
  nativeCollectionReference,
  foreignReference,
  setReference,
};

const key = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 6 }) },
  fc.constantFrom(
    emptyKey,
    protoKey,
    "constructor",
    "toString",
    "0",
    "10",
    "2",
    "id",
    "data",
    "ts",
    "coll",
    "ttl",
  ),
  fc.constantFrom("@ref", "@ts", "@obj", "@object", "@set", "@query", "@double", "@int", "@", "@@"),
);

/** Any string that a document or hostile text can hold, half surrogate pairs included. */
export const anyString: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  fc.constantFrom(
    loneSurrogate,
    controlCharacters,
    quotesAndBackslashes,
    leadingByteOrderMark,
    "\udc00",
    "",
  ),
  fc.constantFrom("NaN", "Infinity", "-Infinity", "null", "2024-01-01", "[function <lambda>]"),
);

const number = fc.oneof(
  fc.bigInt({ min: mostNegativeLong, max: mostPositiveLong }).map(String),
  fc.constantFrom(
    "1.0",
    "1.0E10",
    "-0.0",
    "4.9E-324",
    "9007199254740993",
    "0",
    "1e5",
    "1E+2",
    "0.1000",
  ),
);

/** Any JSON, objects with every kind of key; no object has a key twice. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false),
    anyString,
    number.map((text) => new JsonNumber(text)),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((members) => new Map(members)),
  ),
})).json;

const anyTime = fc
  .bigInt({ min: -31_557_014_167_219_200_000_000_000n, max: 31_556_889_864_403_199_999_999_999n })
  .map((nanos) => new Time(nanos));
const anyDate = fc
  .integer({ min: -365_243_219_162, max: 365_241_780_471 })
  .map((day) => new LocalDate(day));
const anyId = fc.bigInt({ min: 0n, max: mostPositiveLong }).map(String);
const anyName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_%~-]{0,8}$/).map((name) => `c_${name}`);
const holdableRef = fc.oneof(
  fc.tuple(anyName, anyId).map(([collection, id]) => documentRef(collection, id)),
  anyName.map(collectionRef),
  fc
    .tuple(anyName, fc.constantFrom("functions", "roles", "databases", "access_providers"))
    .map(([name, native]) => new Ref(name, new Ref(native))),
  fc
    .tuple(anyId, fc.constantFrom("keys", "tokens", "credentials"))
    .map(([id, native]) => new Ref(id, new Ref(native))),
);
const v4OnlyValue: fc.Arbitrary<Value> = fc.oneof(
  anyJson.map((expr) => new Lambda(expr)),
  anyName.map((name) => new SetRef(parseJson(`{"documents":${printV4(collectionRef(name))}}`))),
  fc.constant(setReference),
  anyName.map((name) => new Ref(name, new Ref("indexes"))),
  fc.constantFrom("keys", "indexes", "collections").map((name) => new Ref(name)),
  fc.tuple(anyName, anyId).map(([name, id]) => new Ref(id, collectionRef(name), databaseReference)),
);

const holdableScalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false),
  anyString,
  fc.bigInt({ min: mostNegativeLong, max: mostPositiveLong }),
  fc.double(),
  anyTime,
  anyDate,
  fc.uint8Array({ maxLength: 12 }),
  fc.uuid().map((text) => new Uuid(text)),
  holdableRef,
  fc.constantFrom(...Object.values(holdableInTagged)),
);

function valuesOf(scalar: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((members) => new Map(members)),
    ),
  })).value;
}

/** Any value that a document can hold. */
export const anyValue: fc.Arbitrary<Value> = valuesOf(
  fc.oneof({ weight: 5, arbitrary: holdableScalar }, v4OnlyValue),
);

/** Any value that v10's tagged form holds. */
export const anyTaggedValue: fc.Arbitrary<Value> = valuesOf(holdableScalar);

/** The data of a document: an object, without members that are null, which no database stores. */
export function dataOf(value: fc.Arbitrary<Value>): fc.Arbitrary<Map<string, Value>> {
  return fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((members) => new Map(members.map(([name, member]) => [name, storable(member)] as const)))
    .map(withoutNulls);
}

function storable(value: Value): Value {
  if (Array.isArray(value)) return value.map(storable);
  return value instanceof Map
    ? withoutNulls(new Map([...value].map(([name, v]) => [name, storable(v)])))
    : value;
}

function withoutNulls(object: Map<string, Value>): Map<string, Value> {
  return new Map([...object].filter(([, value]) => value !== null));
}

/** A time of writing, in microseconds. */
export const anyTs = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n });
/** The id of a document. */
export const anyDocumentId = anyId;

/** `json` in another spelling: white space between tokens, and characters escaped that need not be. */
export function respelled(json: Json, choose: () => number): string {
  const space = () => [" ", "\n", "\t", "\r", "", ""][choose() % 6] ?? "";
  const text = (s: string) =>
    `"${s
      .split("")
      .map((c) => spellings(c)[choose() % spellings(c).length] ?? "")
      .join("")}"`;
  const print = (value: Json): string => {
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "string") return text(value);
    if (value instanceof JsonNumber) return value.text;
    if (Array.isArray(value))
      return `[${space()}${value.map((v) => space() + print(v) + space()).join(",")}]`;
    const members = [...value].map(
      ([k, v]) => `${space()}${text(k)}${space()}:${space()}${print(v)}${space()}`,
    );
    return `{${space()}${members.join(",")}}`;
  };
  return space() + print(json) + space();
}

function spellings(c: string): string[] {
  const code = c.charCodeAt(0).toString(16).padStart(4, "0");
  const escaped = [`\\u${code}`, `\\u${code.toUpperCase()}`];
  const short = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
  }[c];
  if (short !== undefined) return [short, ...escaped];
  if (c === "/") return ["/", "\\/", ...escaped];
  const surrogate = c >= "\ud800" && c <= "\udfff";
  return c < " " || surrogate ? escaped : [c, c, c, ...escaped];
}
