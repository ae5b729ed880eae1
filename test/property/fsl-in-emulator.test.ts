import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NATIVE } from "../../src/emulator/data/ids.ts";
import { keepFiles, stagedFiles } from "../../src/emulator/schema/files.ts";
import { simple, TestDatabase } from "../unit/emulator/schema/support.ts";

const COLLECTIONS = ["Aa", "Bb", "Cc"] as const;

const typed = fc.constantFrom(
  "Int",
  "Int = 5",
  "String?",
  'String = "x#{1}"'.replace("#{1}", ""),
  "Array<Ref<Aa>> = []",
  "{ x: Int = 1, y: String? }",
  '"a" | "b" = "a"',
  "Number = -0.5",
  "Time?",
  "Any",
);
const body = fc.constantFrom(
  "(d) => d.a",
  "d => { let x: Int = 1; [x, d] }",
  "(d) => if (d == null) 1 else { a: { b: 2 } }",
  "(_) => null",
);
const short = fc.constantFrom("(d => true)", "(.ok)", "((d) => d.a > 0 && !d.b)");
const terms = fc.constantFrom("[.a]", "[mva(.b), .c.d]", '[.["x y"]]');
const values = fc.constantFrom("[desc(.a), .b]", "[.ts]", "[mva(.c)]");

const member = fc.oneof(
  fc
    .tuple(fc.constantFrom("a", "b", "c", "index", "role"), typed)
    .map(([name, type]) => [`field ${name}`, `${name}: ${type}`] as const),
  fc
    .tuple(fc.constantFrom("v", "w"), body)
    .map(([name, text]) => [`field ${name}`, `compute ${name} = ${text}`] as const),
  fc
    .tuple(fc.constantFrom("i", "j"), terms, values)
    .map(
      ([name, by, of]) =>
        [`index ${name}`, `index ${name} {\n    terms ${by}\n    values ${of}\n  }`] as const,
    ),
  terms.map((by) => [`unique ${by}`, `unique ${by}`] as const),
  fc
    .tuple(fc.constantFrom("k", "l"), short)
    .map(([name, text]) => [`check ${name}`, `check ${name} ${text}`] as const),
  fc.nat(400).map((days) => ["history", `history_days ${days}`] as const),
  fc.nat(400).map((days) => ["ttl", `ttl_days ${days}`] as const),
  fc.boolean().map((allowed) => ["ttls", `document_ttls ${allowed}`] as const),
  fc.constant(["wildcard", "*: Any"] as const),
);

const gap = fc.constantFrom("\n", "\n\n", "\n  // a note }\n", " ;\n", "\n  /* x { */ \n");
const block = (members: readonly string[], between: string) =>
  `{${between}${members.join(between)}${between}}`;

const collection = (name: string) =>
  fc
    .tuple(fc.uniqueArray(member, { selector: ([id]) => id, maxLength: 8 }), gap, fc.boolean())
    .map(([members, between, alias]) => {
      const texts = members.map(([, text]) => text);
      return `${alias ? `@alias(${name}Alias)\n` : ""}collection ${name} ${block(texts.length === 0 ? ["history_days 1"] : texts, between)}`;
    });

const call = fc
  .tuple(
    fc.constantFrom("(x, ...rest)", "()", "(x: Int, y: String?): Int"),
    fc.constantFrom("{ 1 }", "{\n  let y = [1, 2]\n  y.map(z => z + 1) // done\n}"),
    fc.boolean(),
  )
  .map(
    ([signature, text, role]) =>
      `${role ? "@role(server)\n" : ""}function call${signature} ${text}`,
  );

const action = fc.constantFrom(
  "read",
  "write {\n predicate ((a, b) => a == b)\n }",
  "create",
  "delete { predicate (.ok) }",
);
const role = fc
  .tuple(
    fc.uniqueArray(action, { maxLength: 4 }),
    fc.constantFrom("", "membership Bb", "membership Bb { predicate (u => u.ok) }"),
  )
  .map(
    ([actions, membership]) =>
      `role clerk {\n  privileges Aa {\n${actions.join("\n")}\n}\n  privileges call { call }\n${membership}\n}`,
  );
const provider = fc
  .constantFrom("role clerk", "role clerk { predicate (j => j.ok) }", "")
  .map(
    (granted) =>
      `access provider login {\n  issuer "https://i"\n  jwks_uri "https://i/k"\n${granted}\n}`,
  );

const schema = fc
  .tuple(...COLLECTIONS.map((name) => collection(name)), call, role, provider, gap)
  .map((parts) => {
    const between = parts.at(-1) ?? "\n";
    return `// head\n${parts.slice(0, -1).join(between)}\n// tail`;
  });

/** Lists whose order means nothing: patched files have them in another one, as the server's do. */
function sorted(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    const list = Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : value;
    return [name, list] as const;
  });
  return Object.fromEntries(entries);
}

/** Every definition that schema files hold, by kind and name. */
function definitions(db: TestDatabase): unknown {
  return db.do((transaction) =>
    [NATIVE.Collection, NATIVE.Function, NATIVE.Role, NATIVE.AccessProvider].map((kind) =>
      Object.fromEntries(
        Array.from(transaction.definitions.all(kind), ({ version }) => {
          const { audience: _audience, ...rest } = simple(version.fields) as Record<
            string,
            unknown
          >;
          return [String(rest["name"]), sorted(rest)];
        }),
      ),
    ),
  );
}

describe("schema files in the emulator", () => {
  it("stay as they were pushed, and generated ones mean the same", () => {
    fc.assert(
      fc.property(schema, (text) => {
        const db = new TestDatabase();
        db.push(text);
        expect(db.files()).toEqual({ "main.fsl": text });
        db.push(text);
        expect(db.files()).toEqual({ "main.fsl": text });
        const generated = db.do((transaction) => {
          keepFiles(transaction, []);
          return stagedFiles(transaction).map(({ content }) => content);
        });
        const copy = new TestDatabase();
        copy.push(generated.join(""));
        expect(definitions(copy)).toEqual(definitions(db));
        expect(copy.files()).toEqual({ "main.fsl": generated[0] });
      }),
      { numRuns: 60 },
    );
  });

  it("change into one another, and say then what the definitions say", () => {
    fc.assert(
      fc.property(schema, schema, (first, second) => {
        const db = new TestDatabase();
        db.push(first);
        const files = db.do((transaction) => stagedFiles(transaction));
        db.push(second);
        const wanted = definitions(db);
        // The first files, patched to what the second ones made of the definitions, make the same of an empty database.
        db.do((transaction) => {
          keepFiles(transaction, files);
          transaction.touchSchema();
        });
        const patched = db.files();
        const copy = new TestDatabase();
        copy.push(patched as Record<string, string>);
        expect(definitions(copy)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
