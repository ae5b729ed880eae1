/**
 * Whatever a database has become by queries of both languages and by schema pushes, it comes back: definitions that
 * name one another in circles, roles of either language over what the other made, documents of every kind in it.
 *
 * A database is made by a list of changes to a few names. A change that Fauna refuses, because of those before it, is
 * simply not made; so every list is one that somebody could have gone through.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isArkError } from "../../src/errors/errors.ts";
import { type Connection, pushSchema } from "../../src/fauna/fauna.ts";
import { printString } from "../../src/values/json.ts";
import { collectionRef, documentRef, Ref, type Value } from "../../src/values/value.ts";
import { Uuid } from "../../src/values/uuid.ts";
import { printV4 } from "../../src/values/v4.ts";
import { Bench } from "../support/bench.ts";
import { isOfLost, isSpelling, lostIn } from "../support/spelling.ts";
import { roundTrip } from "../support/round-trip.ts";
import { insert } from "../support/sample-databases.ts";
import { anyTaggedValue, dataOf } from "../support/values.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** One change to a database, as somebody would make it. */
interface Change {
  readonly by: "v4" | "v10" | "fsl" | "insert";
  /** The query, the schema file, or `collection id data`. */
  readonly text: string;
}

const COLLECTIONS = ["Paper", "Order", "audit-log", "two+words", "Filed", "Bound"] as const;
const FUNCTIONS = ["f", "g", "h", "old", "filed", "bound"] as const;
const ROLES = ["clerk", "boss", "ancient"] as const;
const PROVIDERS = ["ap", "bp"] as const;
const INDEXES = ["ix", "iy"] as const;

const collection = fc.constantFrom(...COLLECTIONS);
const func = fc.constantFrom(...FUNCTIONS);
const role = fc.constantFrom(...ROLES);
const anyRole = fc.oneof(
  { weight: 3, arbitrary: role },
  fc.constantFrom("admin", "server", "server-readonly"),
);
const provider = fc.constantFrom(...PROVIDERS);
const index = fc.constantFrom(...INDEXES);

const metadata = fc.constantFrom(
  "{}",
  '{ owner: "it", since: Date("2020-01-01"), pages: 3.0 }',
  "{ list: [1, null, { a: 2.5 }] }",
);

/** A body that calls what may call it back. */
const body = fc.oneof(
  func.map((name) => `x => if (x == 0) 0 else ${name}(x - 1)`),
  fc
    .tuple(func, func)
    .map(([one, two]) => `(x, ...rest) => { let y = ${one}(x)\n [y, ${two}(x)] }`),
  collection.map((name) => `(_) => Collection(${printString(name)}).all().count()`),
  fc.constantFrom("x => x", "() => { a: 1.0, b: null }", "(a, b) => a + b"),
);

const days = fc.constantFrom("0", "1", "30", "9223372036854775807", "null");
const v10Collection = fc
  .record(
    {
      compute: func.map(
        (name) =>
          `computed_fields: { made: { body: "doc => if (doc.never == true) ${name}(1) else 1" } }`,
      ),
      fields: fc.constantFrom(
        'fields: { a: { signature: "Int?" }, b: { signature: "String", default: "\\"b\\"" } }, wildcard: "Any"',
        'fields: { other: { signature: "Ref<Paper>?" } }',
      ),
      history: days.map((some) => `history_days: ${some}`),
      ttl: fc.constantFrom("ttl_days: 4000", "document_ttls: true", "document_ttls: false"),
      unique: fc.constant(
        'constraints: [{ unique: ["a"] }, { check: { name: "ok", body: "(d) => true" } }]',
      ),
      index: fc.constant(
        'indexes: { byA: { terms: [{ field: "a" }], values: [{ field: ".b", order: "desc" }] } }',
      ),
      alias: fc.constant('alias: "Also"'),
      data: metadata.map((some) => `data: ${some}`),
    },
    { requiredKeys: [] },
  )
  .chain((members) =>
    collection.map(
      (name) =>
        `Collection.create({ ${[`name: ${printString(name)}`, ...Object.values(members)].join(", ")} })`,
    ),
  );

const v10Function = fc
  .tuple(func, body, fc.option(anyRole), metadata)
  .map(
    ([name, text, as, data]) =>
      `Function.create({ name: ${printString(name)}, body: ${printString(text)}, data: ${data}${as === null ? "" : `, role: ${printString(as)}`} })`,
  );

const v10Resource = fc.oneof(collection, func, index, fc.constantFrom("Collection", "Role", "Key"));
const v10Action = fc.constantFrom(
  "read: true",
  "call: true",
  'write: "(before, after) => before.a == after.a", read: true',
  'create: true, delete: "d => false"',
);
const v10Role = fc
  .tuple(
    role,
    fc.uniqueArray(fc.tuple(v10Resource, v10Action), { selector: ([of]) => of, maxLength: 4 }),
    fc.option(fc.tuple(collection, fc.constantFrom("", ', predicate: "u => u.ok == true"'))),
  )
  .map(([name, privileges, member]) => {
    const each = privileges.map(
      ([of, actions]) => `{ resource: ${printString(of)}, actions: { ${actions} } }`,
    );
    const membership =
      member === null ? "" : `, membership: [{ resource: ${printString(member[0])}${member[1]} }]`;
    return `Role.create({ name: ${printString(name)}, privileges: [${each.join(", ")}]${membership} })`;
  });

const v10Provider = fc
  .tuple(provider, fc.uniqueArray(role, { maxLength: 2 }), fc.boolean())
  .map(([name, roles, isBare]) => {
    const each = roles.map((one) =>
      isBare ? printString(one) : `{ role: ${printString(one)}, predicate: "j => j.ok == true" }`,
    );
    return `AccessProvider.create({ name: "${name}", issuer: "https://${name}.example/", jwks_uri: "https://${name}.example/j", roles: [${each.join(", ")}] })`;
  });

const v10Update = fc.oneof(
  fc
    .tuple(func, anyRole)
    .map(([name, as]) => `Function.byName("${name}")!.update({ role: "${as}" })`),
  // Those of schema files have signatures, of which files say no more than a body's parameters do.
  fc
    .tuple(fc.constantFrom("f", "g", "h", "old"), body)
    .map(([name, text]) => `Function.byName("${name}")!.update({ body: ${printString(text)} })`),
  fc
    .tuple(role, metadata)
    .map(([name, data]) => `Role.byName("${name}")!.update({ data: ${data} })`),
  fc
    .tuple(collection, metadata)
    .map(([name, data]) => `Collection.byName(${printString(name)})!.update({ data: ${data} })`),
  fc
    .tuple(collection, func)
    .map(
      ([name, of]) =>
        `Collection.byName(${printString(name)})!.update({ computed_fields: { later: { body: "d => if (d.never == true) ${of}(2) else d.a" } } })`,
    ),
  fc
    .tuple(collection, days)
    .map(
      ([name, some]) =>
        `Collection.byName(${printString(name)})!.update({ history_days: ${some} })`,
    ),
  func.map((name) => `Function.byName("${name}")!.delete()`),
  role.map((name) => `Role.byName("${name}")!.delete()`),
  // Those that documents refer to stay: references into deleted collections have tests of their own.
  fc
    .constantFrom("audit-log", "two+words", "Filed", "Bound")
    .map((name) => `Collection.byName(${printString(name)})!.delete()`),
  fc.tuple(func, func).map(([from, to]) => `Function.byName("${from}")!.update({ name: "${to}" })`),
  fc.tuple(role, role).map(([from, to]) => `Role.byName("${from}")!.update({ name: "${to}" })`),
);

const v10Document = fc
  .tuple(
    collection,
    fc.nat(40),
    fc.constantFrom(
      'a: 1, b: "b"',
      'a: null, holes: [null, 1, [null]], b: ""',
      // Of one that stays: references to what is deleted have tests of their own.
      'a: 2, self: Collection.byName("Order")!, nan: 0.0 / 0.0, b: "x"',
      'nested: { data: { id: 1, ts: 2.0 } }, b: "y"',
    ),
  )
  .map(
    ([name, id, members]) => `Collection(${printString(name)}).create({ id: "${id}", ${members} })`,
  );

const nativeRef = (kind: string, name: string): string =>
  `{"@ref":{"id":${printString(name)},"collection":{"@ref":{"id":"${kind}"}}}}`;
const lambda = (parameters: string, expression: string): string =>
  `{"@query":{"api_version":"4","lambda":${parameters},"expr":${expression}}}`;

const v4Collection = fc
  .tuple(
    collection,
    fc.constantFrom(
      "",
      ',"history_days":3',
      ',"ttl_days":4000',
      ',"data":{"by":"v4"}',
      ',"permissions":{"read":"public"}',
    ),
  )
  .map(([name, more]) => `{"create_collection":{"quote":{"name":${printString(name)}${more}}}}`);

const v4Function = fc.tuple(func, func, fc.option(anyRole)).map(([name, other, as]) => {
  const call = `{"call":${printString(other)},"arguments":{"var":"x"}}`;
  const text = lambda('"x"', `{"if":{"equals":[{"var":"x"},0]},"then":0,"else":${call}}`);
  const builtIn = as !== null && !(ROLES as readonly string[]).includes(as);
  const roleText =
    as === null ? "" : `,"role":${builtIn ? printString(as) : nativeRef("roles", as)}`;
  return `{"create_function":{"quote":{"name":${printString(name)},"body":${text}${roleText}}}}`;
});

const v4Resource = fc.oneof(
  collection.map((name) => nativeRef("collections", name)),
  func.map((name) => nativeRef("functions", name)),
  index.map((name) => nativeRef("indexes", name)),
  fc.constantFrom("keys", "databases").map((kind) => `{"@ref":{"id":"${kind}"}}`),
);
const v4Action = fc.constantFrom(
  '"read":true',
  '"call":true',
  `"read":${lambda('"d"', "true")}`,
  `"write":${lambda('["a","b"]', "false")},"read":true`,
);
const v4Role = fc
  .tuple(
    role,
    fc.uniqueArray(fc.tuple(v4Resource, v4Action), {
      selector: ([of]) => of,
      minLength: 1,
      maxLength: 4,
    }),
    fc.option(collection),
  )
  .map(([name, privileges, member]) => {
    const each = privileges.map(([of, actions]) => `{"resource":${of},"actions":{${actions}}}`);
    const membership =
      member === null
        ? ""
        : `,"membership":{"resource":${nativeRef("collections", member)},"predicate":${lambda('"u"', "true")}}`;
    return `{"create_role":{"quote":{"name":${printString(name)},"privileges":[${each.join(",")}]${membership}}}}`;
  });

const v4Index = fc
  .tuple(
    index,
    fc.uniqueArray(collection, { minLength: 1, maxLength: 2 }),
    fc.constantFrom(
      '"terms":[{"field":["data","a"]}]',
      '"values":[{"field":["ts"],"reverse":true},{"field":["ref"]}]',
      // Of a member that no document has: documents that an index finds alike only since it was made are refused.
      '"terms":[{"field":["data","u"],"transform":"casefold"}],"unique":true',
      '"serialized":false,"partitions":2',
    ),
  )
  .map(([name, sources, members]) => {
    const refs = sources.map((source) => nativeRef("collections", source));
    const source = refs.length === 1 ? refs[0]! : `[${refs.join(",")}]`;
    return `{"create_index":{"quote":{"name":"${name}","source":${source},${members}}}}`;
  });

const v4Update = fc.oneof(
  fc
    .tuple(func, role)
    .map(
      ([name, as]) =>
        `{"update":{"function":"${name}"},"params":{"quote":{"role":${nativeRef("roles", as)}}}}`,
    ),
  fc
    .tuple(provider, role)
    .map(
      ([name, of]) =>
        `{"create_access_provider":{"quote":{"name":"${name}","issuer":"https://${name}.example/","jwks_uri":"https://${name}.example/j","roles":[${nativeRef("roles", of)},{"role":${nativeRef("roles", of)},"predicate":${lambda('"j"', "true")}}]}}}`,
    ),
  index.map((name) => `{"delete":{"index":"${name}"}}`),
);

const fsl = fc
  .tuple(
    fc.constantFrom("filed", "bound", "f", "old"),
    fc.option(role, { freq: 4 }),
    fc.constantFrom(
      (other: string) => `(x) { if (x == 0) 0 else ${other}(x - 1) }`,
      (other: string) => `(x, ...rest) { let y = ${other}(x)\n  [y, rest] // done\n}`,
      () => "(a: Int, b: String?): Int { a }",
    ),
    fc.constantFrom("", "index byA { terms [.a] }", "history_days 3", "ttl_days 4000"),
  )
  .map(([other, as, text, member]) => {
    const access = as === null ? "" : `@role(${as})\n`;
    return `// by file
collection Filed {
  a: Int?
  *: Any
  compute twice = (d => if (d.never == true) ${other}(d.a ?? 1) else d.id)
  ${member}
}

${access}function filed${text(other)}
function bound(x) { filed(x) }
collection Bound {
  compute made = (d => if (d.never == true) bound(1) else Filed.all().count())
}
`;
  });

/** A value that Fauna takes in a document of this database: references lead to what may be there. */
function taken(value: Value, inArray = false): Value {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value))
    return value.map((item) => taken(item, true)).filter((item) => item !== null);
  if (value instanceof Map)
    return new Map([...value].map(([key, member]) => [key.toWellFormed(), taken(member, inArray)]));
  if (value instanceof Uuid && inArray) return value.text;
  if (!(value instanceof Ref)) return value;
  return value.collection?.id === "collections" || value.collection === undefined
    ? collectionRef("Paper")
    : documentRef("Order", /^\d+$/.test(value.id) ? value.id : "7");
}

const inserted = fc
  .tuple(collection, fc.nat(40), dataOf(anyTaggedValue))
  .map(([name, id, data]) =>
    JSON.stringify([name, String(id), printV4(taken(data) as Map<string, Value>)]),
  );

const by = (language: Change["by"]) => (text: string) => ({ by: language, text });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: v10Collection.map(by("v10")) },
  { weight: 3, arbitrary: v10Function.map(by("v10")) },
  { weight: 3, arbitrary: v10Role.map(by("v10")) },
  { weight: 1, arbitrary: v10Provider.map(by("v10")) },
  { weight: 4, arbitrary: v10Update.map(by("v10")) },
  { weight: 3, arbitrary: v10Document.map(by("v10")) },
  { weight: 2, arbitrary: v4Collection.map(by("v4")) },
  { weight: 2, arbitrary: v4Function.map(by("v4")) },
  { weight: 2, arbitrary: v4Role.map(by("v4")) },
  { weight: 2, arbitrary: v4Index.map(by("v4")) },
  { weight: 2, arbitrary: v4Update.map(by("v4")) },
  { weight: 2, arbitrary: fsl.map(by("fsl")) },
  { weight: 4, arbitrary: inserted.map(by("insert")) },
);

/** With what most databases begin, so that what follows has something to name. */
const bare = fc.tuple(
  ...["f", "g", "h", "old"].map((name) =>
    fc.constantFrom<Change>(
      { by: "v10", text: `Function.create({ name: "${name}", body: "x => x" })` },
      {
        by: "v4",
        text: `{"create_function":{"quote":{"name":"${name}","body":${lambda('"x"', '{"var":"x"}')}}}}`,
      },
    ),
  ),
);
const several = (...some: fc.Arbitrary<Change>[]) =>
  fc.array(fc.oneof(...some), { minLength: 3, maxLength: 8 });
const beginning = fc
  .tuple(
    bare,
    fc.option(fsl.map(by("fsl"))).map((first) => (first === null ? [] : [first])),
    several(v10Collection.map(by("v10")), v4Collection.map(by("v4"))),
    several(v10Update.map(by("v10")), v4Function.map(by("v4"))),
    several(v10Role.map(by("v10")), v4Role.map(by("v4")), v4Index.map(by("v4"))),
    several(inserted.map(by("insert")), v10Document.map(by("v10"))),
  )
  .map((all): Change[] => all.flat());
const changes = fc
  .tuple(beginning, fc.array(change, { maxLength: 30, size: "max" }))
  .map((all) => all.flat());

/** Changes that were made and refused, over all runs. */
const made = { v4: 0, v10: 0, fsl: 0, insert: 0, refused: 0 };

async function make(database: Connection, { by: language, text }: Change): Promise<void> {
  try {
    if (language === "v4") await database.v4(`{"do":[${text},null]}`);
    else if (language === "v10") await database.v10(text, { typecheck: false });
    else if (language === "fsl")
      await pushSchema(
        database,
        [{ filename: `${/collection (\w+)/.exec(text)![1]!}.fsl`, content: text }],
        {
          override: false,
        },
      );
    else {
      const [name, id, data] = JSON.parse(text) as [string, string, string];
      await insert(database, name, id, data);
    }
    made[language]++;
  } catch (error) {
    if (!isArkError(error, "ERR_DATABASE", "ERR_SCHEMA")) throw error;
    made.refused++;
  }
}

async function comesBack(changed: readonly Change[]): Promise<void> {
  const trip = await roundTrip(bench, async (database) => {
    const indexes = new Set<string>();
    for (const one of changed) {
      const name = /^\{"create_index":\{"quote":\{"name":"(\w+)"/.exec(one.text)?.[1];
      // A role over an index that was deleted shows its name: of another that has the name since, v4 cannot tell it.
      if (name !== undefined && indexes.has(name)) continue;
      if (name !== undefined) indexes.add(name);
      await make(database, one);
    }
    // A computed field that calls a function which is not there lets nobody read its collection through v10.
    for (const name of FUNCTIONS) {
      const missing = `if (!Function.byName("${name}").exists()) Function.create({ name: "${name}", body: "x => x" })`;
      await make(database, { by: "v10", text: missing });
    }
    // So does one that counts the documents of a collection which is not there.
    const missing = `if (!Collection.byName("Filed").exists()) Collection.create({ name: "Filed" })`;
    await make(database, { by: "v10", text: missing });
  });
  expect(trip.imported.documents.refused, JSON.stringify(trip.imported.notes)).toBe(0);
  expect(trip.verified.against!.definitions).toEqual([]);
  const lost = lostIn(trip.imported);
  const meant = trip.differences.filter((each) => !isSpelling(each) && !isOfLost(lost, each));
  expect(meant).toEqual([]);
  expect(trip.verified.equal).toBe(true);
}

/** What once did not come back. */
const REGRESSIONS: Readonly<Record<string, readonly Change[]>> = {
  "a v4 access provider of a v10 role over a collection that only v4 can make": [
    { by: "v4", text: '{"create_collection":{"quote":{"name":"audit-log"}}}' },
    {
      by: "v10",
      text: 'Role.create({ name: "clerk", privileges: [], membership: [{ resource: "audit-log" }] })',
    },
    {
      by: "v4",
      text: `{"create_access_provider":{"quote":{"name":"ap","issuer":"https://ap.example/","jwks_uri":"https://ap.example/j","roles":[${nativeRef("roles", "clerk")}]}}}`,
    },
  ],
  "a v4 role over an index whose collection was deleted": [
    { by: "v4", text: '{"create_collection":{"quote":{"name":"audit-log"}}}' },
    {
      by: "v4",
      text: `{"create_index":{"quote":{"name":"iy","source":${nativeRef("collections", "audit-log")}}}}`,
    },
    {
      by: "v4",
      text: `{"create_role":{"quote":{"name":"clerk","privileges":[{"resource":${nativeRef("indexes", "iy")},"actions":{"read":true}}]}}}`,
    },
    { by: "v10", text: 'Collection.byName("audit-log")!.delete()' },
  ],
  "a v4 role of which nothing is left, and files that are pushed twice": [
    { by: "fsl", text: "collection Filed {}" },
    { by: "v4", text: '{"create_collection":{"quote":{"name":"audit-log"}}}' },
    {
      by: "v4",
      text: `{"create_index":{"quote":{"name":"ix","source":${nativeRef("collections", "Filed")}}}}`,
    },
    {
      by: "v4",
      text: `{"create_role":{"quote":{"name":"ancient","privileges":[{"resource":${nativeRef("indexes", "ix")},"actions":{"call":true}}]}}}`,
    },
    { by: "v4", text: '{"delete":{"index":"ix"}}' },
  ],
};

describe("a random database of both languages", () => {
  it("comes back whole, circles among functions, roles and computed fields included", async () => {
    await fc.assert(fc.asyncProperty(changes, comesBack), {
      numRuns: 25,
      endOnFailure: true,
    });
    // Databases in which nothing was made would prove nothing.
    for (const language of ["v4", "v10", "fsl", "insert"] as const)
      expect(made[language], JSON.stringify(made)).toBeGreaterThan(0);
  });

  const regressions = Object.entries(REGRESSIONS);
  it.for(regressions)("that once did not come back does: %s", async ([, changed]) => {
    await comesBack(changed);
  });
});
