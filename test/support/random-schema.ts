/** Random schema files. */
import * as fc from "fast-check";

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

/** Schema files with everything that schema files can say, laid out in odd ways. */
export const schemaFile: fc.Arbitrary<string> = fc
  .tuple(...COLLECTIONS.map((name) => collection(name)), call, role, provider, gap)
  .map((parts) => {
    const between = parts.at(-1) ?? "\n";
    return `// head\n${parts.slice(0, -1).join(between)}\n// tail`;
  });
