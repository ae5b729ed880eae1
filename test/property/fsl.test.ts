import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendItem,
  type CollectionItem,
  type CollectionMember,
  type Expression,
  type FslItem,
  type FslMember,
  type IndexTerm,
  type MigrationStep,
  parseFsl,
  printFsl,
  printMember,
  removeItem,
  removeMember,
  replaceMember,
  ROLE_ACTIONS,
  type TypeExpr,
} from "../../src/fsl/fsl.ts";

const span = { start: 0, end: 0 };
const named = (text: string) => ({ text, span });
const expression = (text: string): Expression => ({ text, span });

const identifier = fc
  .stringMatching(/^[a-z][a-zA-Z0-9_]{0,6}$/)
  .filter(
    (word) =>
      !/^(if|else|at|match|case|let|null|true|false|isa|join|on|of|id|coll|ts|ttl|data|delete|update|replace|exists|compute)$/.test(
        word,
      ),
  );
const legacyName = fc
  .stringMatching(/^[a-zA-Z][a-zA-Z0-9;@+$\-_.!~%]{0,8}$/)
  .filter((word) => !/^(if|else|at|match|case|let|null|true|false|isa|join|on|of)$/.test(word));
const text = fc.string().map((value) => JSON.stringify(value).replaceAll("#", "\\#"));

const operand = fc.oneof(
  fc.constantFrom(
    "5",
    "0.5",
    "null",
    "x.y?.z!",
    "f(1, [2, 3])",
    "{ a: 1, b: { c: 2 } }",
    "-1",
    '"a#{b + "}"}c"',
    ".name",
    "a[0]",
    "(1)",
  ),
  text,
);
const fql = fc
  .array(operand, { minLength: 1, maxLength: 3 })
  .chain((operands) =>
    fc
      .constantFrom(" + ", " == ", " ?? ", " &&\n  ", "\n    || ", " isa ")
      .map((operator) => expression(operands.join(operator))),
  );
const lambda = fc
  .tuple(fc.constantFrom("(x) => ", "x => ", "(a, b) => "), fql)
  .map(([head, body]) => expression(head + body.text));
const path = fc.constantFrom(".a", ".a.b", '.["x y"]', ".a[0]").map(expression);
const plainPath = fc.constantFrom(".a", ".b", ".c.d").map(expression);

const type: fc.Arbitrary<TypeExpr> = fc.letrec<{ type: TypeExpr }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc
      .constantFrom("Int", "String", "Null", "Time")
      .map((name): TypeExpr => ({ kind: "name", name, span })),
    fc.constant<TypeExpr>({ kind: "any", span }),
    fc
      .constantFrom("open", 'a"b')
      .map((value): TypeExpr => ({ kind: "literal", literal: { kind: "string", value }, span })),
    tie("type").map((arg): TypeExpr => ({
      kind: "generic",
      name: "Array",
      nameSpan: span,
      args: [arg],
      span,
    })),
    tie("type").map((base): TypeExpr => ({ kind: "nullable", base, span })),
    fc
      .array(tie("type"), { minLength: 2, maxLength: 3 })
      .map((elements): TypeExpr => ({ kind: "tuple", elements, span })),
    fc
      .uniqueArray(fc.tuple(identifier, tie("type")), { selector: ([name]) => name, maxLength: 3 })
      .map((fields): TypeExpr => ({
        kind: "object",
        fields: fields.map(([name, of]) => ({ name: named(name), type: of, default: undefined })),
        wildcard: undefined,
        open: false,
        span,
      })),
    fc.array(tie("type"), { minLength: 2, maxLength: 3 }).map((members): TypeExpr => ({
      kind: "union",
      members: members.flatMap((one) => (one.kind === "union" ? one.members : [one])),
      span,
    })),
  ),
})).type;

const term = (descending: boolean): fc.Arbitrary<IndexTerm> =>
  fc.record({
    path,
    mva: fc.boolean(),
    descending: descending ? fc.boolean() : fc.constant(false),
    span: fc.constant(span),
  });
const terms = fc.array(term(false), { minLength: 1, maxLength: 3 });
const step: fc.Arbitrary<MigrationStep> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("add" as const, "drop" as const),
    field: plainPath,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant("backfill" as const),
    field: plainPath,
    value: fql,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant("move" as const),
    field: plainPath,
    to: plainPath,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constantFrom("move_conflicts" as const, "move_wildcard" as const),
    into: plainPath,
    span: fc.constant(span),
  }),
  fc.constant<MigrationStep>({
    kind: "split",
    field: expression(".a"),
    to: [expression(".b"), expression(".c")],
    span,
  }),
  fc.constant<MigrationStep>({ kind: "add_wildcard", span }),
);

const unnamedMembers: fc.Arbitrary<CollectionMember[]> = fc
  .tuple(
    fc.option(
      terms.map((list): CollectionMember => ({ kind: "unique", terms: list, span })),
      { nil: undefined },
    ),
    fc.option(
      fc
        .bigInt({ min: 0n, max: 2n ** 63n - 1n })
        .map((days): CollectionMember => ({ kind: "history_days", days, span })),
      { nil: undefined },
    ),
    fc.option(
      fc.boolean().map((enabled): CollectionMember => ({ kind: "document_ttls", enabled, span })),
      { nil: undefined },
    ),
    fc.option(
      fc
        .array(step, { minLength: 1, maxLength: 4 })
        .map((steps): CollectionMember => ({ kind: "migrations", steps, span })),
      { nil: undefined },
    ),
  )
  .map((members) => members.filter((member) => member !== undefined));

const namedMember = fc.oneof(
  fc
    .tuple(identifier, type, fc.option(fql, { nil: undefined }))
    .map(([name, of, otherwise]): CollectionMember => ({
      kind: "field",
      name: named(name),
      type: of,
      default: otherwise,
      span,
    })),
  fc.tuple(identifier, lambda).map(([name, body]): CollectionMember => ({
    kind: "compute",
    name: named(name),
    type: undefined,
    body,
    span,
  })),
  fc
    .tuple(identifier, lambda)
    .map(([name, body]): CollectionMember => ({ kind: "check", name: named(name), body, span })),
  fc
    .tuple(identifier, terms, fc.array(term(true), { minLength: 1, maxLength: 2 }))
    .map(([name, list, values]): CollectionMember => ({
      kind: "index",
      name: named(name),
      terms: list,
      values,
      span,
    })),
);

const nameOf = (member: CollectionMember) => ("name" in member ? member.name.text : member.kind);
const collection = (name: string) =>
  fc
    .tuple(fc.uniqueArray(namedMember, { selector: nameOf, maxLength: 6 }), unnamedMembers)
    .map(([members, others]): CollectionItem => ({
      kind: "collection",
      name: named(name),
      doc: undefined,
      annotations: [],
      members: [...members, ...others],
      span,
    }));

const item = (name: string): fc.Arbitrary<FslItem> =>
  fc.oneof(
    collection(name),
    fc.tuple(fql, fc.boolean()).map(([body, role]): FslItem => ({
      kind: "function",
      name: named(name),
      doc: undefined,
      annotations: role ? [{ keyword: "role", value: named("clerk"), span }] : [],
      args: [{ name: named("x"), type: undefined, variadic: false }],
      returns: undefined,
      signatureSpan: span,
      body: expression(`{\n  ${body.text}\n}`),
      span,
    })),
    fc
      .tuple(
        fc.uniqueArray(fc.constantFrom(...ROLE_ACTIONS)),
        fc.option(lambda, { nil: undefined }),
      )
      .map(([actions, predicate]): FslItem => ({
        kind: "role",
        name: named(name),
        doc: undefined,
        annotations: [],
        members: [
          {
            kind: "privileges",
            resource: named("C"),
            actions: actions.map((action) => ({ action, predicate, span })),
            span,
          },
          { kind: "membership", resource: named("User"), predicate, span },
        ],
        span,
      })),
    fc
      .tuple(fc.string(), fc.option(lambda, { nil: undefined }))
      .map(([issuer, predicate]): FslItem => ({
        kind: "access provider",
        name: named(name),
        doc: undefined,
        annotations: [],
        members: [
          { kind: "issuer", value: issuer, span },
          { kind: "jwks_uri", value: "https://x", span },
          { kind: "role", role: named("r"), predicate, span },
        ],
        span,
      })),
  );

const items = fc
  .uniqueArray(legacyName, { minLength: 1, maxLength: 4 })
  .chain((names) => fc.tuple(...names.map(item)));

/** The tree without where it stands. */
function bare(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value: unknown) => {
      if (/span/i.test(key) || key === "doc") return undefined;
      return typeof value === "bigint" ? `${value}n` : value;
    }),
  );
}

describe("the schema language", () => {
  it("reads back everything it prints", () => {
    fc.assert(
      fc.property(items, (list) => {
        const printed = printFsl(list);
        const read = parseFsl(printed, "main.fsl").items;
        expect(bare(read)).toEqual(bare(list));
        expect(printFsl(read)).toBe(printed);
      }),
      { numRuns: 300 },
    );
  });

  it("edits a member and leaves every other byte alone", () => {
    const layout = fc.constantFrom("\n", "\n\n", " // note }\n", "\n/* x { */\n", ";\n");
    fc.assert(
      fc.property(collection("C"), layout, fc.nat(), ({ members }, gap, choice) => {
        fc.pre(members.length > 0);
        const source = `// head\ncollection C {${gap}${members.map((one) => printMember(one).trimEnd()).join(gap)}${gap}}\n// tail\n`;
        const file = parseFsl(source, "main.fsl");
        const [read] = file.items;
        if (read?.kind !== "collection") throw new Error("not a collection");
        const member = read.members[choice % read.members.length];
        if (member === undefined) throw new Error("no member");
        const replacement: FslMember = { kind: "ttl_days", days: 1n, span };
        const replaced = replaceMember(file, member, replacement);
        expect(replaced).toBe(
          `${source.slice(0, member.span.start)}ttl_days 1${source.slice(member.span.end)}`,
        );
        const removed = removeMember(file, member);
        const rest = parseFsl(removed, "main.fsl").items[0];
        expect(rest?.kind === "collection" && rest.members.map((one) => bare(one))).toEqual(
          read.members.filter((one) => one !== member).map((one) => bare(one)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("takes items out and appends them without touching the others", () => {
    fc.assert(
      fc.property(items, fc.nat(), (list, choice) => {
        const file = parseFsl(printFsl(list), "main.fsl");
        const chosen = file.items[choice % file.items.length];
        if (chosen === undefined) throw new Error("no item");
        const without = removeItem(file, chosen);
        const others = file.items.filter((one) => one !== chosen);
        expect(bare(parseFsl(without, "main.fsl").items)).toEqual(bare(others));
        const back = appendItem(without, file.text.slice(chosen.span.start, chosen.span.end));
        expect(bare(parseFsl(back, "main.fsl").items)).toEqual(bare([...others, chosen]));
      }),
      { numRuns: 200 },
    );
  });
});
