import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const bench = new Bench();
const value = (query: string) => bench.text(query);
const tagged = (query: string) => bench.text(query, { format: "tagged" });

describe("numbers", () => {
  it.each([
    ["1 + 2", `{"@int":"3"}`],
    ["2147483647 + 1", `{"@long":"2147483648"}`],
    ["9223372036854775807 + 1", `{"@double":"9.223372036854776E18"}`],
    ["1 + 1.5", `{"@double":"2.5"}`],
    ["7 / 2", `{"@int":"3"}`],
    ["-7 % 3", `{"@int":"-1"}`],
    ["7.0 / 2", `{"@double":"3.5"}`],
    ["2 ** 10", `{"@int":"1024"}`],
    ["2 ** -1", `{"@double":"0.5"}`],
    ["~5", `{"@int":"-6"}`],
    ["5 & 3 | 8 ^ 1", `{"@int":"9"}`],
    ["1.0", `{"@double":"1.0"}`],
    ["1e300 * 1e300", `{"@double":"Infinity"}`],
    ["0.0 / 0", `{"@double":"NaN"}`],
    ["1 == 1.0", "true"],
    ["1 < 1.5 && 2 >= 2", "true"],
    ["(3).toString()", `"3"`],
    ["Math.abs(-3)", `{"@int":"3"}`],
    ["Math.max(1, 2.5)", `{"@double":"2.5"}`],
    ["Math.floor(2.7)", `{"@double":"2.0"}`],
    ["Math.round(2.456, 2)", `{"@double":"2.46"}`],
    ["Math.trunc(-2.456, 1)", `{"@double":"-2.4"}`],
    ["Math.sqrt(9)", `{"@double":"3.0"}`],
    ["Math.mean([1, 2, 3, 4])", `{"@double":"2.5"}`],
    ["Math.sum([1, 2, 3])", `{"@int":"6"}`],
    ["Math.PI", `{"@double":"3.141592653589793"}`],
  ])("%s is %s", (query, answer) => {
    expect(tagged(query)).toBe(answer);
  });
});

describe("strings", () => {
  it.each([
    [`"abc" + "def"`, `"abcdef"`],
    [`"a#{1 + 1}#{{ b: "c" }}"`, `"a2{ b: \\"c\\" }"`],
    [`"😀a".length`, "2"],
    [`"abc"[1]`, `"b"`],
    [`"abc".at(2)`, `"c"`],
    [`"a,b,c".split(",")`, `["a","b","c"]`],
    [`"abc".splitAt(1)`, `["a","bc"]`],
    [`"a1b".splitRegex("[0-9]")`, `["a","b"]`],
    [`"abc".slice(1)`, `"bc"`],
    [`"abc".slice(0, 2)`, `"ab"`],
    [`"ABC".toLowerCase() + "abc".toUpperCase()`, `"abcABC"`],
    [`"ÀÉ".casefold()`, `"àé"`],
    [`"abcabc".replace("b", "x", 1)`, `"axcabc"`],
    [`"abcabc".replaceAll("b", "x")`, `"axcaxc"`],
    [`"a1b22".replaceAllRegex("[0-9]+", "#")`, `"a#b#"`],
    [`"a1b22".matches("[0-9]+")`, `["1","22"]`],
    [`"abc".matchIndexes("b")`, `[[1,"b"]]`],
    [`"abc".includes("b")`, "true"],
    [`"abc".includesRegex("^b")`, "false"],
    [`"abc".startsWith("ab") && "abc".endsWith("bc")`, "true"],
    [`"abcb".indexOf("b", 2)`, "3"],
    [`"abcb".lastIndexOf("b")`, "3"],
    [`"abc".indexOf("x")`, "null"],
    [`"12".parseInt()`, "12"],
    [`"ff".parseInt(16)`, "255"],
    [`"x".parseInt()`, "null"],
    [`"1.5".parseDouble()`, "1.5"],
    [`"ab".concat("cd")`, `"abcd"`],
    [`"a" < "b"`, "true"],
    [`"ac".insert(1, "b")`, `"abc"`],
  ])("%s is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });
});

describe("arrays", () => {
  it.each([
    ["[1, 2, 3].map(x => x * 2)", "[2,4,6]"],
    ["[[1], [2, 3]].flatMap(x => x)", "[1,2,3]"],
    ["[[1], [2, 3]].flatten()", "[1,2,3]"],
    ["[1, 2, 3].filter(x => x > 1)", "[2,3]"],
    ["[{ a: 1 }, { a: 2 }].where(.a == 2)", `[{"a":2}]`],
    ["[{ a: 1 }, { a: 2 }] { a }", `[{"a":1},{"a":2}]`],
    ["[1, 2, 3].fold(10, (sum, x) => sum + x)", "16"],
    ['[1, 2, 3].foldRight("", (text, x) => text + x.toString())', `"321"`],
    ["[1, 2, 3].reduce((a, b) => a * b)", "6"],
    ["[].reduce((a, b) => a)", "null"],
    ["[1, 2].any(x => x == 2)", "true"],
    ["[1, 2].every(x => x == 2)", "false"],
    ["[1, 2].includes(2)", "true"],
    ["[1, 2].indexOf(2)", "1"],
    ["[1, 2, 1].lastIndexOf(1)", "2"],
    ["[1, 2, 1].indexWhere(x => x > 1)", "1"],
    ["[1, 2, 3].first()", "1"],
    ["[1, 2, 3].last()", "3"],
    ["[].first()", "null"],
    ["[1, 2, 3].firstWhere(x => x > 1)", "2"],
    ["[1, 2, 3].take(2)", "[1,2]"],
    ["[1, 2, 3].drop(2)", "[3]"],
    ["[1, 2, 3].slice(1, 2)", "[2]"],
    ["[1, 2, 3].reverse()", "[3,2,1]"],
    ["[1, 2, 1].distinct()", "[1,2]"],
    ["[3, 1, 2].order()", "[1,2,3]"],
    ["[3, 1, 2].order(desc(x => x))", "[3,2,1]"],
    ["[{ a: 1, b: 2 }, { a: 1, b: 1 }].order(.a, .b)", `[{"a":1,"b":1},{"a":1,"b":2}]`],
    ["[1].append(2).prepend(0).concat([3])", "[0,1,2,3]"],
    ["[1, 2, 3].length", "3"],
    ["[1, 2].entries()", "[[0,1],[1,2]]"],
    ["[].isEmpty() && [1].nonEmpty()", "true"],
    ["Array.sequence(2, 5)", "[2,3,4]"],
    ["[1, 2, 3].toString()", `"[1, 2, 3]"`],
    ["[1, 2, 3].aggregate(0, (a, b) => a + b)", "6"],
    ["[1, 2, 3].toSet().count()", "3"],
    ["[1, 2] == [1, 2]", "true"],
    ["[1,2,3].forEach(x => x)", "null"],
  ])("%s is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });
});

describe("objects", () => {
  it.each([
    [`Object.keys({ a: 1, b: 2 })`, `["a","b"]`],
    [`Object.values({ a: 1, b: 2 })`, "[1,2]"],
    [`Object.entries({ a: 1 })`, `[["a",1]]`],
    [`Object.fromEntries([["a", 1], ["b", 2]])`, `{"a":1,"b":2}`],
    [`Object.assign({ a: 1, b: { c: 1 } }, { b: { d: 2 } })`, `{"a":1,"b":{"d":2}}`],
    [`Object.hasPath({ a: { b: 1 } }, ["a", "b"])`, "true"],
    [`Object.select({ a: { b: 1 } }, ["a", "b"])`, "1"],
    [`Object.toString({ a: "x" })`, `"{ a: \\"x\\" }"`],
    [`({ a: { b: 1 } })["a"]["b"]`, "1"],
    [`({ a: 1 }).a`, "1"],
    [`({ a: 1 })?.b?.c`, "null"],
    [`({ a: 1 }).b ?? 2`, "2"],
    [`({ a: () => 3 }).a()`, "3"],
    [`({ a: 1, b: 2 }) { b, c: .a + 1 }`, `{"b":2,"c":2}`],
    [`({ a: 1 }) == { a: 1.0 }`, "true"],
    [`({ a: null })`, `{"a":null}`],
  ])("%s is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });
});

describe("times, dates and bytes", () => {
  it.each([
    [`Time("2020-01-02T03:04:05.000006789Z")`, `"2020-01-02T03:04:05.000006789Z"`],
    [`Time("2020-01-02T03:04:05+01:00")`, `"2020-01-02T02:04:05Z"`],
    [`Time.epoch(1500, "milliseconds")`, `"1970-01-01T00:00:01.500Z"`],
    [`Time("2020-01-31T00:00:00Z").add(1, "day")`, `"2020-02-01T00:00:00Z"`],
    [`Time("2020-01-01T00:00:10Z").difference(Time("2020-01-01T00:00:00Z"), "seconds")`, "10"],
    [`Time("2020-01-01T01:00:00Z").hour`, "1"],
    [`Time("2020-01-01T00:00:00Z").toMicros()`, "1577836800000000"],
    [`Time.fromString("2020-01-01T00:00:00Z") < Time.now()`, "true"],
    [`Time.now() == Time.now()`, "true"],
    [`Date("2020-02-28").add(2, "days")`, `"2020-03-01"`],
    [`Date("2020-01-01").subtract(1, "day")`, `"2019-12-31"`],
    [`Date("2020-03-01").difference(Date("2020-02-01"))`, "29"],
    [`Date("2020-01-05").dayOfWeek`, "7"],
    [`Date("2020-12-31").dayOfYear`, "366"],
    [`Date.today().toString()`, `"2026-01-01"`],
    [`Bytes("aGk=")`, `"aGk="`],
    [`Bytes.fromBase64("aGk=") == Bytes("aGk=")`, "true"],
  ])("%s is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });

  it("tells when the transaction is only once it is over", () => {
    const clock = new Bench();
    clock.run(`Collection.create({ name: "C" })`);
    const { ts, txn } = clock.value(
      `{ ts: C.create({ id: 1, t: TransactionTime() }).ts, txn: TransactionTime() }`,
    ) as { ts: string; txn: string };
    expect(clock.value("C.byId(1)!.t")).toBe(txn);
    expect(clock.value("C.byId(1)!.ts")).toBe(ts);
    expect(ts).toBe(txn);
  });
});

describe("types", () => {
  it.each([
    ["1 isa Int", "true"],
    ["1 isa Number", "true"],
    ["1.5 isa Double", "true"],
    ["2147483648 isa Long", "true"],
    [`"a" isa String`, "true"],
    ["[] isa Array", "true"],
    ["{} isa Object", "true"],
    ["null isa Null", "true"],
    ["(x => x) isa Function", "true"],
    [`Time.now() isa Time`, "true"],
    ["1 isa String", "false"],
  ])("%s is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });
});

describe("control", () => {
  it.each([
    ["if (true) 1 else 2", "1"],
    ["if (false) 1", "null"],
    ["let f = (x, y) => x - y\nf(3, 1)", "2"],
    ["let f = (x, ...rest) => rest\nf(1, 2, 3)", "[2,3]"],
    ["let x = 1\nlet f = () => x\nlet x = 2\nf()", "1"],
    ["let f = n => if (n == 0) 0 else 1 + n\nf(2)", "3"],
    ["null ?? 1", "1"],
    ["false || true && !false", "true"],
    ["null?.a.b.c", "null"],
    ["Query.isEnvProtected()", "false"],
    [`Query.identity()`, "null"],
    [`log(1, { a: "b" })`, "null"],
    [`dbg({ a: 1 })`, `{"a":1}`],
  ])("%j is %s", (query, answer) => {
    expect(value(query)).toBe(answer);
  });

  it("logs lines into the summary", () => {
    expect(bench.summary(`log("hi", 1)\n2`)).toBe(`info at *query*:1: hi 1`);
  });

  it("newId is a new one every time", () => {
    expect(value("newId() == newId()")).toBe("false");
    expect(bench.value("newId()")).toMatch(/^\d{18}$/);
  });
});

describe("failures name what failed", () => {
  it.each([
    ["1 / 0", "divide_by_zero: Attempted integer division by zero."],
    [`1 + "a"`, "invalid_argument: expected value for `other` of type Number, received String"],
    ["[1][5]", "index_out_of_bounds: index 5 out of bounds for length 1"],
    ["null.a", "invalid_null_access: Cannot access `a` on null."],
    [`"x".toInt()`, "invalid_function_invocation: The function `toInt` does not exist on `String`"],
    [
      "(x => x)(1, 2)",
      "invalid_function_invocation: callee function expects exactly 1 argument, but 2 were provided.",
    ],
    ["if (1) 2", "type_mismatch: expected type: Boolean, received Int"],
    [`abort({ a: 1 })`, "abort: Query aborted."],
    [`Time("x")`, "invalid_time: `x` is not a valid time."],
    [`Date("x")`, "invalid_date: `x` is not a valid date."],
    [`"a".matches("(")`, "invalid_regex: "],
    [`null!`, "null_value: Null literal value"],
    [`({ a: 1 }).b!`, "null_value: Null value, due to missing field `b`"],
    ["Array.sequence(0, 100000).length", "value_too_large: Value too large: "],
  ])("%s: %s", (query, failure) => {
    expect(bench.error(query).startsWith(failure), bench.error(query)).toBe(true);
  });

  it("abort hands its value out, in the format asked for", () => {
    expect(bench.failure(`abort({ a: 1 })`, { format: "tagged" }).abort).toEqual({
      a: { "@int": "1" },
    });
  });
});
