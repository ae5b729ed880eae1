import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Expr, Link } from "../../../../src/emulator/fql10/ast.ts";
import { QueryFailure } from "../../../../src/emulator/fql10/failure.ts";
import {
  isIdentifier,
  parseExpression,
  parseLambda,
  parsePath,
  parseQuery,
} from "../../../../src/emulator/fql10/parser/parser.ts";

const source = (text: string) => ({ name: "*query*", text });

/** A tree with every operation in parentheses. */
function show(expr: Expr): string {
  switch (expr.kind) {
    case "id":
      return expr.name === "$this" ? "@" : expr.name;
    case "literal":
      return typeof expr.value === "string" ? JSON.stringify(expr.value) : String(expr.value);
    case "template":
      return `\`${expr.parts.map((part) => (typeof part === "string" ? part : `{${show(part)}}`)).join("")}\``;
    case "if": {
      const otherwise = expr.otherwise === undefined ? "" : ` else ${show(expr.otherwise)}`;
      return `(if ${show(expr.test)} ${show(expr.then)}${otherwise})`;
    }
    case "at":
      return `(at ${show(expr.time)} ${show(expr.body)})`;
    case "lambda": {
      const rest = expr.rest === undefined ? [] : [`...${expr.rest}`];
      return `(${[...expr.params.map((name) => name ?? "_"), ...rest].join(" ").replace("$this", "@")} => ${show(expr.body)})`;
    }
    case "chain":
      return show(expr.base) + expr.links.map(showLink).join("");
    case "operator":
      return expr.right === undefined
        ? `(${expr.op.text}${show(expr.left)})`
        : `(${show(expr.left)} ${expr.op.text} ${show(expr.right)})`;
    case "project":
      return `(${show(expr.base)} {${showFields(expr.fields)}})`;
    case "projectAll":
      return `(${show(expr.base)} {*})`;
    case "object":
      return `{${showFields(expr.fields)}}`;
    case "tuple":
      return `(${expr.items.map(show).join(", ")})`;
    case "array":
      return `[${expr.items.map(show).join(", ")}]`;
    case "block":
      return expr.statements
        .map((statement) =>
          statement.kind === "let"
            ? `let ${statement.name.text} = ${show(statement.value)}`
            : show(statement.value),
        )
        .join("; ");
  }
}

const showFields = (fields: readonly (readonly [{ text: string }, Expr])[]) =>
  fields.map(([name, value]) => `${name.text}: ${show(value)}`).join(", ");

function showLink(link: Link): string {
  if (link.kind === "bang") return "!";
  const dot = link.optional ? "?." : ".";
  switch (link.kind) {
    case "select":
      return `${dot}${link.field.text}`;
    case "apply":
      return `${link.optional ? "?." : ""}(${link.args.map(show).join(", ")})`;
    case "access":
      return `${link.optional ? "?." : ""}[${link.args.map(show).join(", ")}]`;
    case "call":
      return `${dot}${link.field.text}${link.applyOptional ? "?." : ""}(${link.args.map(show).join(", ")})`;
  }
}

const parsed = (text: string) => show(parseQuery(source(text)));

function refusal(text: string): string {
  try {
    return `read as ${parsed(text)}`;
  } catch (error) {
    if (error instanceof QueryFailure) return error.options.problems?.[0]?.message ?? error.message;
    throw error;
  }
}

describe("operators bind as Fauna's do", () => {
  it.each([
    ["1 + 2 * 3", "(1 + (2 * 3))"],
    ["1 * 2 + 3", "((1 * 2) + 3)"],
    ["1 - 2 - 3", "((1 - 2) - 3)"],
    ["2 ** 3 ** 4", "(2 ** (3 ** 4))"],
    ["a && b || c", "((a && b) || c)"],
    ["a || b && c", "(a || (b && c))"],
    ["a == b && c", "((a == b) && c)"],
    ["a < b == c", "((a < b) == c)"],
    ["a ?? b ?? c", "((a ?? b) ?? c)"],
    ["a isa Int == true", "((a isa Int) == true)"],
    ["1 | 2 & 3 ^ 4", "(1 | ((2 & 3) ^ 4))"],
    ["-a.b", "(-a.b)"],
    ["!a && b", "((!a) && b)"],
    ["-1 + 2", "(-1 + 2)"],
    ["1 + 2 == 3 * 1", "((1 + 2) == (3 * 1))"],
    ["(1 + 2) * 3", "(((1 + 2)) * 3)"],
  ])("%s is %s", (text, tree) => {
    expect(parsed(text)).toBe(tree);
  });
});

describe("chains", () => {
  it.each([
    ["a.b.c", "a.b.c"],
    ["a?.b", "a?.b"],
    ["a.b(1, 2)!", "a.b(1, 2)!"],
    ["a[0][1]", "a[0][1]"],
    ["a?.[0]", "a?.[0]"],
    ["a.b?.(1)", "a.b?.(1)"],
    ["a!.b ?? c", "(a!.b ?? c)"],
    ["a\n  .b\n  .c()", "a.b.c()"],
    ["a { b, c: .d.e }", "(a {b: @.b, c: @.d.e})"],
    ["a { b { c } }", "(a {b: (@.b {c: @.c})})"],
    ["a.map(.b).first()", "a.map((@ => @.b)).first()"],
    ["a.where(.b == 1)", "a.where((@ => (@.b == 1)))"],
    ["a.where(!.b)", "a.where((@ => (!@.b)))"],
    ["f(x => x)", "f((x => x))"],
    ["(a, b) => a + b", "(a b => (a + b))"],
    ["(a, ...rest) => rest", "(a ...rest => rest)"],
    ["() => 1", "( => 1)"],
    ["_ => 1", "(_ => 1)"],
  ])("%s is %s", (text, tree) => {
    expect(parsed(text)).toBe(tree);
  });
});

describe("statements and blocks", () => {
  it.each([
    ["let a = 1\na", "let a = 1; a"],
    ["let a = 1; a", "let a = 1; a"],
    ["let a: Int = 1\na", "let a = 1; a"],
    ["let f: (Int) => Int = x => x\nf(1)", "let f = (x => x); f(1)"],
    ["{ let a = 1; a }", "let a = 1; a"],
    ["{}", "{}"],
    ["{ a: 1, b: { c: 2 } }", "{a: 1, b: {c: 2}}"],
    ["if (a) b else if (c) d else e", "(if a b else (if c d else e))"],
    ["if (a) { b }", "(if a b)"],
    ['at (Time("2020-01-01T00:00:00Z")) { a }', '(at Time("2020-01-01T00:00:00Z") a)'],
    ["// first\n1 // last", "1"],
    ["/* a /* b */ c */ 1", "1"],
    ["[1,\n 2,\n]", "[1, 2]"],
    ["(x) => { let y = x; y }", "(x => let y = x; y)"],
  ])("%j is %s", (text, tree) => {
    expect(parsed(text)).toBe(tree);
  });
});

describe("literals", () => {
  it.each<[string, string]>([
    ["0x1f", "31"],
    ["0b101", "5"],
    ["0o17", "15"],
    ["1_000_000", "1000000"],
    ["9223372036854775807", "9223372036854775807"],
    ["1.5e3", "1500"],
    ["'a#{b}'", '"a#{b}"'],
    ['"a#{b}c"', "`a{b}c`"],
    ['"a#{"b#{c}"}"', "`a{`b{c}`}`"],
    [String.raw`"\n\x41\u0042\u{1F600}"`, JSON.stringify("\nAB😀")],
    ["<<+END\n  a\n   b\n  END", JSON.stringify("a\n b\n")],
    ["true", "true"],
    ["null", "null"],
  ])("%s is %s", (text, tree) => {
    expect(parsed(text)).toBe(tree);
  });
});

describe("what is not FQL is refused with Fauna's words", () => {
  it.each([
    ["", "Unexpected end of query. Expected statement or expression"],
    ["{", "Unexpected end of block. Expected statement or expression"],
    ['"open', "Unexpected end of query. Expected statement or expression"],
    ["1 +", "Expected expression"],
    ["1 2", "Expected end-of-input"],
    ["x.", "Expected identifier"],
    ["[1,", "Expected `]` or expression"],
    ["(", "Expected `)`, `...`, or expression"],
    ["if (true)", "Expected expression"],
    ["let a = 1", "Missing return expression"],
    ["{ a: 1, a: 2 }", "Duplicate key"],
    [".a", "Invalid anonymous field access"],
    [String.raw`"\q"`, "Expected escape code"],
    [String.raw`"\ud800"`, "Invalid escape"],
    ["match (x) {}", "match expr not supported"],
  ])("%j: %s", (text, message) => {
    expect(refusal(text)).toBe(message);
  });
});

it("a body of a definition is one lambda", () => {
  expect(show(parseLambda(source("(a, b) => a.b")))).toBe("(a b => a.b)");
  expect(show(parseLambda(source("(.a.b)")))).toBe("(@ => @.a.b)");
  expect(() => parseLambda(source("1 + 1"))).toThrow(QueryFailure);
  expect(() => parseLambda(source("x => 1\n1"))).toThrow(QueryFailure);
  expect(() => parseLambda(source("x => 1;"))).toThrow(QueryFailure);
  expect(show(parseLambda(source("x => 1 // one;\n")))).toBe("(x => 1)");
});

it("an expression may be followed by blanks only", () => {
  expect(show(parseExpression(source("1 + 1 ")))).toBe("(1 + 1)");
  expect(show(parseExpression(source(".a"), { short: true }))).toBe("(@ => @.a)");
  expect(() => parseExpression(source("1; 2"))).toThrow(QueryFailure);
});

it("a path names the fields on its way", () => {
  expect(parsePath(".a.b")).toEqual(["a", "b"]);
  expect(parsePath("a.b")).toEqual(["a", "b"]);
  expect(parsePath('.a[0]["c d"]')).toEqual(["a", 0, "c d"]);
  expect(parsePath(".a[")).toBeUndefined();
  expect(parsePath("")).toBeUndefined();
});

it("an identifier begins with a letter or underscore and is no keyword", () => {
  expect(["a", "_a1", "if", "1a", "a-b", "let"].map(isIdentifier)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

it("no text makes the parser fail otherwise than with a diagnosis", () => {
  const tokens = fc.constantFrom(
    ..."{ } ( ) [ ] . ?. , ; : = => ! ?? + - * ** let if else at isa a b 1 2.5 \" ' #{ // \n null".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(tokens).map((all) => all.join(" ")),
      ),
      (text) => {
        try {
          parseQuery(source(text));
        } catch (error) {
          expect(error).toBeInstanceOf(QueryFailure);
        }
      },
    ),
  );
});

it("a tree's spans lie within its text", () => {
  const text = "let a = [1, 2].map(x => x * 2)\na[0] + a[1]";
  const check = (expr: Expr) => {
    expect(expr.span.start).toBeGreaterThanOrEqual(0);
    expect(expr.span.end).toBeLessThanOrEqual(text.length);
    if (expr.kind === "block") for (const { value } of expr.statements) check(value);
    if (expr.kind === "operator") check(expr.left);
  };
  check(parseQuery(source(text)));
});
