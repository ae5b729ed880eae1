/** What is there, under whatever name, is never left out as a reference into nothing. */
import { expect, it } from "vitest";
import { filesWithoutLost, withoutLostReferences } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { openSource } from "../../src/import/source.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { SAMPLE_DATABASES } from "../support/sample-databases.ts";

/** Resources of a v4 role: every native one, and each kind that has a name. */
const RESOURCES = [
  '{"index":"zz_idx"}',
  '{"collection":"zz-coll"}',
  '{"function":"zz_fn"}',
  ...[
    "collections",
    "databases",
    "indexes",
    "functions",
    "roles",
    "keys",
    "tokens",
    "credentials",
    "access_providers",
  ].map((native) => `{"${native}":null}`),
];

it.each(Object.entries(SAMPLE_DATABASES))(
  "names that live, native and built-in ones and aliases are no lost references in %s",
  async (_, build) => {
    await using bench = await Bench.start();
    const source = await bench.emptyDatabase();
    await build(source);
    const make = (text: string) => source.v4(`{"do":[${text},null]}`);
    const body = '{"query":{"lambda":"x","expr":{"var":"x"}}}';
    await make('{"create_collection":{"object":{"name":"zz-coll"}}}');
    await source.v10('Collection.byName("zz-coll")!.update({ alias: "ZzAlias" })');
    await make('{"create_index":{"object":{"name":"zz_idx","source":{"collection":"zz-coll"}}}}');
    await make('{"create_index":{"object":{"name":"zz_any","source":"_"}}}');
    await make(`{"create_function":{"object":{"name":"zz_fn","role":"server","body":${body}}}}`);
    const privileges = RESOURCES.map((resource) => {
      const action = resource.includes('"function"') ? "call" : "read";
      return `{"object":{"resource":${resource},"actions":{"object":{"${action}":true}}}}`;
    });
    await make(
      `{"create_role":{"object":{"name":"zz_role","privileges":[${privileges.join(",")}]}}}`,
    );
    await source.v10(`Role.create({
      name: "zz10",
      privileges: ["Collection", "Key", "Credential", "AccessProvider", "Database", "zz-coll", "ZzAlias"]
        .map(name => ({ resource: name, actions: { read: true } }))
        .append({ resource: "zz_fn", actions: { call: true } }),
      membership: [{ resource: "zz-coll" }]
    })
    Function.create({ name: "zz11", body: "() => 1", role: "server-readonly" })`);
    await source.v10('Function.create({ name: "zz12", body: "() => 1", role: "zz10" })');
    const store = new MemoryStore();
    await exportDatabase({ source, target: store });
    const { definitions, files } = await openSource(store, {
      schemaFolder: undefined,
      unlock: undefined,
      signal: new AbortController().signal,
      onCheck: () => {},
    });
    expect(definitions.get("roles")!.map(({ name }) => name)).toContain("zz10");
    expect(withoutLostReferences(definitions)).toEqual({ definitions, lost: [] });
    expect([...filesWithoutLost(files, definitions)]).toEqual([...files]);
  },
);
