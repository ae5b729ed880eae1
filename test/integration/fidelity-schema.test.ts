/**
 * Every kind of definition and each of its members through export and import: what docs/FIDELITY.md promises of the
 * schema. Both sides are read by the independent reader, through v4 and v10.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type Connection, endStaging, pushSchema } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { differences } from "../support/independent-reader.ts";
import { type RoundTrip, roundTrip } from "../support/round-trip.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const ref = (kind: string, name: string) =>
  `{"@ref":{"id":"${name}","collection":{"@ref":{"id":"${kind}"}}}}`;
const lambda = (parameters: string, body: string) =>
  `{"@query":{"api_version":"4","lambda":${parameters},"expr":${body}}}`;
const create = (database: Connection, what: string, params: string) =>
  database.v4(`{"do":[{"create_${what}":{"quote":${params}}},null]}`);
const fsl = (database: Connection, content: string, name = "main.fsl") =>
  pushSchema(database, [{ filename: name, content }], { override: true });

/** Makes a copy and expects nothing to differ, by the independent reader and by verification. */
async function expectKept(build: (source: Connection) => Promise<unknown>): Promise<RoundTrip> {
  const trip = await roundTrip(bench, build);
  expect(trip.differences).toEqual([]);
  expect(trip.verified.against?.definitions).toEqual([]);
  expect(trip.verified.equal).toBe(true);
  return trip;
}

/** What the copy holds under a key of the independent reader. */
function definition({ after }: RoundTrip, key: string): string {
  const text = after.definitions.get(key);
  expect(text).toBeDefined();
  return text!;
}

describe("of a collection are kept:", () => {
  it("history_days when it is absent, 0, some and for ever", async () => {
    const trip = await expectKept(async (database) => {
      await create(database, "collection", '{"name":"Absent"}');
      await create(database, "collection", '{"name":"None","history_days":0}');
      await create(database, "collection", '{"name":"Some","history_days":30}');
      await create(database, "collection", '{"name":"Century","history_days":36500}');
    });
    expect(definition(trip, "collections/None")).toContain('"history_days":0');
    expect(definition(trip, "collections/Century")).toContain('"history_days":36500');
  });

  it("history_days as large as a schema file can say", async () => {
    const trip = await expectKept((database) =>
      fsl(database, "collection Ever {\n  history_days 9223372036854775807\n}\n"),
    );
    expect(trip.after.files.get("main.fsl")).toContain("history_days 106751");
  });

  it("history_days of which the files say less than there are", async () => {
    const trip = await expectKept((database) =>
      database.v10('Collection.create({ name: "Ever", history_days: 9223372036854775807 })'),
    );
    expect(trip.before.files.get("main.fsl")).toContain("history_days 106751");
  });

  it("history_days that is not there, which means for ever and is said in full afterwards", async () => {
    const trip = await roundTrip(bench, async (database) => {
      await database.v10('Collection.create({ name: "Created", history_days: null })');
      await database.v10('Collection.create({ name: "Updated", history_days: 3 })');
      await database.v10('Collection.byName("Updated")!.update({ history_days: null })');
    });
    expect(trip.verified.equal).toBe(true);
    for (const name of ["Created", "Updated"]) {
      expect(trip.before.definitions.get(`collections/${name}`)).not.toContain("history_days");
      expect(definition(trip, `collections/${name}`)).toContain(
        '"history_days":9223372036854775807',
      );
    }
  });

  it("ttl_days, without giving a ttl to documents that have none", async () => {
    const trip = await expectKept(async (database) => {
      await database.v10('Collection.create({ name: "C", ttl_days: 3 })');
      await database.v10('C.create({ id: "1", a: 1, ttl: null })');
      await create(database, "collection", '{"name":"my-old","ttl_days":4}');
    });
    expect(trip.after.documents.get("C/1")).not.toContain("ttl");
    expect(definition(trip, "collections/C")).toContain('"ttl_days":3');
  });

  it("document_ttls, on and off", async () => {
    const trip = await expectKept((database) =>
      fsl(
        database,
        "collection On {\n  a: Int\n  document_ttls true\n}\ncollection Off {\n  document_ttls false\n}\n",
      ),
    );
    expect(definition(trip, "Collection/On")).toContain('"document_ttls":true');
    expect(definition(trip, "Collection/Off")).toContain('"document_ttls":false');
  });

  it("a document's ttl where document_ttls is off by now", async () => {
    await expectKept(async (database) => {
      await fsl(database, "collection C {\n}\n");
      await insert(database, "C", "1", "{}", { ttl: "2999-01-01T00:00:00Z" });
      await fsl(database, "collection C {\n  document_ttls false\n}\n");
    });
  });

  it("its alias, by which it goes on being found", async () => {
    const { copy } = await expectKept(async (database) => {
      await fsl(
        database,
        "@alias(Purchase)\ncollection Order {\n}\n@alias(g)\nfunction f() { 1 }\n",
      );
      await database.v10('Purchase.create({ id: "1", a: 1 })');
    });
    expect((await copy.v10("[Purchase.all().count(), g()]")).dataText).toBe(
      '[{"@int":"1"},{"@int":"1"}]',
    );
  });

  it("typed and computed fields, defaults, wildcards, checks, unique constraints, indexes and migrations", async () => {
    await expectKept(async (database) => {
      const before = `collection Open {
  a: Int = 1
  *: Any
}
collection C {
  a: Int
  b: String? = "x"
  tags: Array<String>?
  compute c: Int = (d => d.a + 1)
  check positive (d => d.a > 0)
  unique [.a, mva(.tags)]
  index byB {
    terms [.b]
    values [desc(.a)]
  }
}
`;
      await fsl(database, before);
      await database.v10('C.create({ id: "1", a: 1 })');
      await fsl(
        database,
        before.replace("  tags:", '  d: String = "new"\n  migrations {\n    add .d\n  }\n  tags:'),
      );
    });
  });

  it("a name that schema files cannot make, and names that differ in case only", async () => {
    await expectKept(async (database) => {
      for (const name of ["my-old", "a.b", "posts", "Posts", "Time", "x%y~+@!;$"])
        await create(database, "collection", `{"name":"${name}"}`);
      await insert(database, "my-old", "1", "{}");
    });
  });
});

describe("metadata (`data`) is kept", () => {
  it("of functions and roles with nulls inside arrays, which an update would strip", async () => {
    const list = "data: { list: [1, null, { a: [null] }] }";
    const trip = await expectKept(async (database) => {
      await database.v10(
        `Function.create({ name: "f", body: "x => x", alias: "g", role: "server", ${list} })`,
      );
      await database.v10(`Role.create({ name: "clerk", privileges: [], ${list} })`);
    });
    const kept = [...trip.after.definitions.values()].filter((text) => text.includes("[1,null,"));
    expect(kept).not.toEqual([]);
  });

  it("of collections, functions, roles, access providers and indexes, made by either protocol", async () => {
    const trip = await expectKept(async (database) => {
      await database.v10(`
        Collection.create({ name: "C", data: { a: 1.0, list: [1] } })
        Function.create({ name: "f", body: "x => x", data: { b: Time("2024-01-01T00:00:00.5Z") } })
        Role.create({ name: "r", data: { c: { d: "e" } } })
        AccessProvider.create({ name: "p", issuer: "https://p.example/", jwks_uri: "https://p.example/j", data: { e: true } })`);
      await create(database, "collection", '{"name":"old","data":{"f":1.5}}');
      await create(
        database,
        "function",
        `{"name":"g","body":${lambda('"x"', '{"var":"x"}')},"data":{"g":9007199254740993}}`,
      );
      const old = ref("collections", "old");
      await create(database, "index", `{"name":"ix","source":${old},"data":{"h":[1.0,{"i":2}]}}`);
      await create(
        database,
        "role",
        `{"name":"s","privileges":[{"resource":${old},"actions":{"read":true}}],"data":{"j":"k"}}`,
      );
      await create(
        database,
        "access_provider",
        `{"name":"q","issuer":"https://q.example/","jwks_uri":"https://q.example/j","roles":[${ref("roles", "s")}],"data":{"l":"m"}}`,
      );
    });
    expect(definition(trip, "collections/C")).toContain('"a":1.0');
    expect(definition(trip, "functions/g")).toContain("9007199254740993");
    expect(definition(trip, "indexes/ix")).toContain('"i":2');
    expect(definition(trip, "access_providers/q")).toContain('"l":"m"');
  });
});

describe("of v4 are kept:", () => {
  it("indexes over several sources and over everything, with bindings, transforms, reverse, unique, serialized and partitions", async () => {
    await expectKept(async (database) => {
      await create(database, "collection", '{"name":"a"}');
      await create(database, "collection", '{"name":"b"}');
      const [a, b] = [ref("collections", "a"), ref("collections", "b")];
      const each = [
        `{"name":"i1","source":[${a},${b}],"terms":[{"field":["data","x"],"transform":"casefold"}]}`,
        `{"name":"i2","source":"_","terms":[{"field":["data","x"]}]}`,
        `{"name":"i3","source":{"collection":${a},"fields":{"n":${lambda('"d"', "1")}}},"terms":[{"binding":"n"}],"values":[{"field":["data","y"],"reverse":true},{"field":["ref"]}]}`,
        `{"name":"i4","source":${a},"terms":[{"field":["data","slug"]}],"unique":true,"serialized":true}`,
        `{"name":"i5","source":${a},"serialized":false,"partitions":8}`,
      ];
      for (const index of each) await create(database, "index", index);
      await insert(database, "a", "1", '{"x":"A","y":1,"slug":"s"}');
    });
  });

  it("functions, with the API version of their body", async () => {
    const trip = await expectKept((database) =>
      create(
        database,
        "function",
        '{"name":"f","body":{"@query":{"api_version":"2.12","lambda":["a","_"],"expr":{"if":true,"then":{"var":"a"},"else":null}}},"role":"server"}',
      ),
    );
    expect(definition(trip, "functions/f")).toContain('"api_version":"2.12"');
  });

  it("roles and access providers with predicates", async () => {
    await expectKept(async (database) => {
      await create(database, "collection", '{"name":"users"}');
      const users = ref("collections", "users");
      await create(
        database,
        "role",
        `{"name":"r","privileges":[{"resource":${users},"actions":{"read":${lambda('"d"', "true")},"write":${lambda('["a","b"]', "false")}}},{"resource":{"@ref":{"id":"keys"}},"actions":{"read":true}}],"membership":{"resource":${users},"predicate":${lambda('"u"', "true")}}}`,
      );
      await create(
        database,
        "access_provider",
        `{"name":"ap","issuer":"https://ap.example/","jwks_uri":"https://ap.example/j","roles":[{"role":${ref("roles", "r")},"predicate":${lambda('"j"', "true")}}]}`,
      );
    });
  });
});

it("v4 and v10 definitions that name one another in circles come back", async () => {
  const { copy } = await expectKept(async (database) => {
    await create(database, "function", `{"name":"old","body":${lambda('"x"', '{"var":"x"}')}}`);
    await fsl(
      database,
      `collection C {
  compute n: Any = (_ => modern(1))
}
@role(fresh)
function modern(x) { other(x) }
function other(x) { if (x == 0) modern(x) else x }
role fresh {
  privileges modern { call }
  privileges old { call }
  privileges other { call }
  privileges C { read }
}
access provider ap {
  issuer "https://ap.example/"
  jwks_uri "https://ap.example/j"
  role fresh
}
`,
    );
    await create(
      database,
      "role",
      `{"name":"ancient","privileges":[{"resource":${ref("functions", "other")},"actions":{"call":true}},{"resource":${ref("functions", "modern")},"actions":{"call":true}},{"resource":${ref("functions", "old")},"actions":{"call":true}},{"resource":${ref("collections", "C")},"actions":{"read":true}}]}`,
    );
    await database.v4(
      `{"do":[{"update":{"function":"old"},"params":{"quote":{"role":${ref("roles", "ancient")}}}},null]}`,
    );
    await database.v10('Function.byName("other")!.update({ role: "ancient" })');
    await database.v10(
      'AccessProvider.create({ name: "both", issuer: "https://b.example/", jwks_uri: "https://b.example/j", roles: ["fresh", "ancient"] })',
    );
    await database.v10('C.create({ id: "1", a: 1 })');
  });
  expect((await copy.v10('C.byId("1")!.n')).dataText).toBe('{"@int":"1"}');
});

it("a role over what only v4 can make is there before the v4 functions and access providers that have it", async () => {
  await expectKept(async (database) => {
    await create(database, "collection", '{"name":"audit-log"}');
    await create(database, "function", `{"name":"old","body":${lambda('"x"', '{"var":"x"}')}}`);
    await database.v10(
      'Role.create({ name: "clerk", privileges: [{ resource: "old", actions: { call: true } }], membership: [{ resource: "audit-log" }] })',
    );
    await database.v4(
      `{"do":[{"update":{"function":"old"},"params":{"quote":{"role":${ref("roles", "clerk")}}}},null]}`,
    );
    await create(
      database,
      "access_provider",
      `{"name":"ap","issuer":"https://ap.example/","jwks_uri":"https://ap.example/j","roles":[{"role":${ref("roles", "clerk")},"predicate":${lambda('"j"', "true")}}]}`,
    );
  });
});

it("comments and the division into files are kept", async () => {
  const trip = await expectKept((database) =>
    pushSchema(
      database,
      [
        { filename: "a.fsl", content: "// what A is for\ncollection A {\n}\n" },
        { filename: "deep/b.fsl", content: "\n\n/* B */ collection B { }\n" },
      ],
      { override: true },
    ),
  );
  expect(trip.after.files.get("a.fsl")).toBe("// what A is for\ncollection A {\n}\n");
});

describe("documents that today's schema would refuse are kept:", () => {
  it("those that violate types, checks and unique constraints", async () => {
    await expectKept(async (database) => {
      await fsl(
        database,
        "collection C {\n  a: Int\n  unique [.a]\n  check small (d => d.a < 10)\n}\n",
      );
      await insert(database, "C", "1", '{"a":"no number"}');
      await insert(database, "C", "2", '{"a":100}');
      await insert(database, "C", "3", '{"a":100}');
      await insert(database, "C", "4", '{"unknown":true}');
    });
  });
});

const stage = (database: Connection, content: string) =>
  pushSchema(database, [{ filename: "main.fsl", content }], { override: true, staged: true });

describe("a staged schema", () => {
  it("is exported beside the one in force and said in a note; what is imported is the one in force", async () => {
    const source = await bench.emptyDatabase();
    await fsl(source, "collection C {\n}\n");
    await source.v10('C.create({ id: "1", a: 1 })');
    await stage(source, "collection C {\n}\ncollection Coming {\n}\n");
    const archive = new MemoryStore();
    const { notes, collections } = await exportDatabase({ source, target: archive });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "staged_schema", count: 1, examples: ["main.fsl"] }),
    );
    expect(collections).toEqual([expect.objectContaining({ name: "C", documents: 1 })]);
    const names: string[] = [];
    for await (const { name } of archive.list("schema/")) names.push(name);
    expect(names).toContain("schema/fsl-staged/main.fsl");
    const copy = await bench.emptyDatabase();
    await importArchive({ source: archive, target: copy });
    await endStaging(source, "abandon");
    expect(differences(await bench.read(source), await bench.read(copy))).toEqual([]);
  });

  it("that takes a collection away never makes its documents go missing: either they are exported, or the export stops", async () => {
    const source = await bench.emptyDatabase();
    await fsl(source, "collection C {\n}\ncollection Leaving {\n  history_days 2\n}\n");
    await source.v10('Leaving.create({ id: "2", b: 2 })');
    await stage(source, "collection C {\n}\n");
    const store = new MemoryStore();
    const outcome = await exportDatabase({ source, target: store }).catch(
      (error: unknown) => error,
    );
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({
        code: "ERR_TRY_AGAIN",
        details: { collections: ["Leaving"] },
        hint: expect.stringContaining("abandon"),
      });
    } else {
      expect(outcome).toMatchObject({
        collections: [expect.anything(), { name: "Leaving", documents: 1 }],
      });
    }
    await endStaging(source, "abandon");
  });
});

const audience = async (database: Connection) =>
  (await database.v10('AccessProvider.byName("p")!.audience')).dataText;

it("ts of definitions and the audience of access providers are the copy's own", async () => {
  const trip = await roundTrip(bench, (database) =>
    database.v10(
      'AccessProvider.create({ name: "p", issuer: "https://p.example/", jwks_uri: "https://p.example/j" })',
    ),
  );
  expect(await audience(trip.copy)).not.toBe(await audience(trip.source));
  expect(trip.imported.notes).toContainEqual(
    expect.objectContaining({ code: "audience", count: 1 }),
  );
  expect(trip.verified.equal).toBe(true);
});
