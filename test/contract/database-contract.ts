/**
 * What this toolkit stands on, promise by promise, of any Fauna: the emulator, a container, an endpoint. A fact that
 * only some of them keep is no ground to build on.
 */
import faunadb from "faunadb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  definitions,
  type DefinitionKind,
  endStaging,
  faunaCode,
  identity,
  ids,
  measure,
  ping,
  pushSchema,
  records,
  rights,
  schemaFiles,
  scoped,
  snapshotTime,
  stagedStatus,
  validateSchema,
  type Connection,
  type RecordsOptions,
  type Role,
  secretDocuments,
} from "../../src/fauna/fauna.ts";
import { recordPagesByV10 } from "../../src/fauna/v10-records.ts";
import { printRecord } from "../../src/values/record.ts";
import { ownDatabase, type OwnDatabase } from "../support/own-database.ts";
import type { Target } from "../support/target.ts";

const { query: q } = faunadb;

/** Every value that is hard to carry, as v4 prints it. */
const HARD_VALUES: readonly string[] = [
  '{"long":9007199254740993,"least":-9223372036854775808,"double":1.0,"minus":-0.0,"big":1.0E10}',
  '{"time":{"@ts":"2024-01-01T00:00:00.123456789Z"},"date":{"@date":"2024-02-29"}}',
  '{"bytes":{"@bytes":"AAEC"},"none":{"@bytes":""},"uuid":{"@uuid":"0af76519-16cd-43dd-8448-eb211c80319c"}}',
  '{"10":1,"2":2,"":3,"__proto__":{"a":1},"a b":4,"id":5,"ts":6,"data":{"data":7}}',
  '{"@obj":{"@ref":"no ref","@x":1}}',
  '{"text":"ü😀\\u0000\\n\\"\\\\ end","empty":"","list":[[],{},[[]]],"object":{}}',
  '{"lambda":{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}}',
  '{"ref":{"@ref":{"id":"99","collection":{"@ref":{"id":"Hard","collection":{"@ref":{"id":"collections"}}}}}}}',
];

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

async function lines(connection: Connection, options: RecordsOptions): Promise<string[]> {
  return (await all(records(connection, options))).map(printRecord);
}

function insert(collection: string, id: string, ts: bigint, data: string): string {
  const ref = `{"ref":{"collection":"${collection}"},"id":"${id}"}`;
  return `{"insert":${ref},"ts":${ts},"action":"create","params":{"quote":{"data":${data}}}}`;
}

async function failing(
  promise: Promise<unknown>,
): Promise<{ code: string; details: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    return error as never;
  }
  throw new Error("It should have failed.");
}

/** Registers the contract's tests for the target that `open` gives, which is closed after them. */
export function databaseContract(name: string, open: () => Promise<Target>): void {
  describe(`${name} keeps the database contract:`, () => {
    let target: Target;
    let own: OwnDatabase;
    let database: Connection;

    beforeAll(async () => {
      target = await open();
      own = await ownDatabase(target);
      ({ database } = own);
    });

    afterAll(async () => {
      await own?.[Symbol.asyncDispose]();
      await target?.close();
    });

    const v10 = (query: string) => database.v10(query);

    describe("access:", () => {
      it("answers a ping", () => ping(database));

      it("tells databases apart by their global ids", async () => {
        expect((await identity(database)).globalId).not.toBe((await identity(own.parent)).globalId);
      });

      it("opens children by scoped secrets, however deep", async () => {
        await v10('Database.create({ name: "kid" })');
        const kid = await scoped(database, "kid");
        await kid.v10('Database.create({ name: "grand" })');
        const grand = await scoped(database, "kid/grand");
        await grand.v10('Collection.create({ name: "Deep" })');
        expect((await grand.v10("Deep.all().count()")).dataText).toBe('{"@int":"0"}');
        expect(grand.path).toBe(`${own.name}/kid/grand`);
      });

      it("refuses a path or a custom role that is not there", async () => {
        for (const [path, role] of [
          ["nobody", "admin"],
          ["kid/nobody", "server"],
          ["", "@role/nobody"],
        ] as const) {
          expect((await failing(scoped(database, path, role))).code).toBe("ERR_UNAUTHORIZED");
        }
      });

      it("ignores a scope whose role it does not know, path and all, which is why roles are checked first", async () => {
        const path = [...database.scope.path, "kid"];
        const astray = database.withScope({ path, role: "bogus" as Role });
        const keysOwn = database.withScope({ path: [], role: undefined });
        expect((await identity(astray)).globalId).toBe((await identity(keysOwn)).globalId);
      });

      it("gives built-in roles the rights that their names say", async () => {
        for (const role of ["admin", "server", "server-readonly"] as const) {
          expect(await rights(await scoped(database, "", role))).toBe(role);
        }
        expect(await rights(await scoped(database, "", "client"))).toBe("limited");
      });

      it("refuses a secret that is nobody's", async () => {
        const stranger = database.withScope({ path: ["no", "such"], role: "admin" });
        expect((await failing(stranger.v4("1"))).code).toBe("ERR_UNAUTHORIZED");
        expect((await failing(stranger.v10("1"))).code).toBe("ERR_UNAUTHORIZED");
        expect((await failing(schemaFiles(stranger))).code).toBe("ERR_UNAUTHORIZED");
      });
    });

    describe("definitions:", () => {
      it("made by v10 are seen by both protocols", async () => {
        await v10(
          'Collection.create({ name: "Modern", fields: { a: { signature: "Int?" } }, wildcard: "Any" })',
        );
        const at = await snapshotTime(database);
        const found = (await definitions(database, "collections", { at })).find(
          ({ name: n }) => n === "Modern",
        );
        expect(found?.madeBy).toBe("v10");
        expect(found?.v4).toContain('"Modern"');
        expect(found?.v10).toContain('{"@mod":"Collection"}');
      });

      it("made by v4 keep their own form, lambdas and all", async () => {
        await database.v4(q.CreateCollection({ name: "Legacy" }));
        await database.v4(
          q.CreateIndex({
            name: "by_a",
            source: q.Collection("Legacy"),
            terms: [{ field: ["data", "a"] }],
          }),
        );
        await database.v4(
          q.CreateFunction({ name: "old", body: q.Query(q.Lambda("x", q.Var("x"))) }),
        );
        const at = await snapshotTime(database);
        const [old] = await definitions(database, "functions", { at });
        expect(old).toMatchObject({ name: "old", madeBy: "v4" });
        expect(old!.v4).toContain('{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}');
        const [index] = await definitions(database, "indexes", { at });
        expect(index).toMatchObject({ name: "by_a", madeBy: "v4", v10: undefined });
      });

      it("are those of the time they are asked for", async () => {
        const before = await snapshotTime(database);
        await v10('Function.create({ name: "later", body: "x => x" })');
        const at = await snapshotTime(database);
        const names = async (time: bigint) =>
          (await definitions(database, "functions", { at: time })).map(({ name: n }) => n);
        expect(await names(before)).not.toContain("later");
        expect(await names(at)).toContain("later");
      });

      it("of roles and access providers tell which protocol made each", async () => {
        await v10(
          'Role.create({ name: "new_role", privileges: { resource: "Modern", actions: { read: true } } })',
        );
        const privileges = [{ resource: q.Collection("Legacy"), actions: { read: true } }];
        await database.v4(q.CreateRole({ name: "old_role", privileges }));
        for (const [kind, role] of [
          ["new", "new_role"],
          ["old", "old_role"],
        ] as const) {
          const issuer = `https://${kind}.example.com/`;
          const provider = {
            name: `${kind}_provider`,
            issuer,
            jwks_uri: `${issuer}jwks`,
            roles: [role],
          };
          if (kind === "new") await v10(`AccessProvider.create(${JSON.stringify(provider)})`);
          else await database.v4(q.CreateAccessProvider({ ...provider, roles: [q.Role(role)] }));
        }
        const at = await snapshotTime(database);
        const made = async (kind: DefinitionKind) =>
          Object.fromEntries(
            (await definitions(database, kind, { at })).map((found) => [found.name, found.madeBy]),
          );
        expect(await made("roles")).toEqual({ new_role: "v10", old_role: "v4" });
        expect(await made("access_providers")).toEqual({ new_provider: "v10", old_provider: "v4" });
      });

      it("show the hashes of keys to an admin through v4", async () => {
        await v10('Key.create({ role: "server", data: { name: "of the contract" } })');
        const at = await snapshotTime(database);
        const [key] = await all(secretDocuments(database, "keys", { at }));
        expect(key).toContain('"of the contract"');
        expect(key).toContain('"hashed_secret":"$2a$');
      });

      it("of roles need an admin", async () => {
        const server = await scoped(database, "", "server");
        expect(
          (await failing(definitions(server, "roles", { at: await snapshotTime(database) }))).code,
        ).toBe("ERR_FORBIDDEN");
      });
    });

    describe("documents:", () => {
      const T0 = 1_700_000_000_000_000n;

      beforeAll(async () => {
        await v10('Collection.create({ name: "Hard" })');
        await v10('Collection.create({ name: "Many" })');
        await v10('Collection.create({ name: "Moving" })');
      });

      it("come back from an Insert of their own text exactly, ts included", async () => {
        for (const [i, data] of HARD_VALUES.entries()) {
          await database.v4(insert("Hard", String(i + 1), T0 + BigInt(i), data), {
            idempotent: true,
          });
        }
        const at = await snapshotTime(database);
        expect(await lines(database, { collection: "Hard", at })).toEqual(
          HARD_VALUES.map((data, i) => `{"id":"${i + 1}","ts":${T0 + BigInt(i)},"data":${data}}`),
        );
      });

      it("are not changed by an Insert that is repeated", async () => {
        const at = await snapshotTime(database);
        const before = await lines(database, { collection: "Hard", at });
        await database.v4(insert("Hard", "1", T0, HARD_VALUES[0]!));
        const again = await snapshotTime(database);
        expect(await lines(database, { collection: "Hard", at: again })).toEqual(before);
      });

      it("with NaN and Infinity are told from texts of that name", async () => {
        const number = '{"to_double":"NaN"}';
        const object = `{"object":{"data":{"object":{"n":${number},"list":[{"to_double":"∞"},{"to_double":"-∞"}],"text":"NaN","other":"-Infinity"}}}}`;
        await database.v4(
          `{"insert":{"ref":{"collection":"Hard"},"id":"51"},"ts":${T0},"action":"create","params":${object}}`,
        );
        const at = await snapshotTime(database);
        const [line] = await lines(database, { collection: "Hard", at, from: "51", to: "51" });
        expect(line).toBe(
          `{"id":"51","ts":${T0},"data":{"n":{"@double":"NaN"},"list":[{"@double":"Infinity"},{"@double":"-Infinity"}],"text":"NaN","other":"-Infinity"}}`,
        );
      });

      it("are listed, paged and cut into ranges by number", async () => {
        const numbers = [1, 2, 9, 10, 11, 99, 100, 101, 1000, 123_456_789].map(String);
        const each = numbers.map((id) => insert("Many", id, T0, `{"n":${id}}`));
        await database.v4(`{"do":[${each.toReversed().join(",")}]}`, { idempotent: true });
        const at = await snapshotTime(database);
        const read = async (options: Partial<RecordsOptions>) =>
          (await all(records(database, { collection: "Many", at, ...options }))).map(
            ({ id }) => id,
          );
        expect(await read({})).toEqual(numbers);
        for (const pageSize of [1, 3, 10]) expect(await read({ pageSize })).toEqual(numbers);
        expect(await read({ from: "3", to: "100", pageSize: 2 })).toEqual([
          "9",
          "10",
          "11",
          "99",
          "100",
        ]);
        expect(await read({ from: "101", pageSize: 2 })).toEqual(["101", "1000", "123456789"]);
        expect(await read({ to: "8" })).toEqual(["1", "2"]);
        expect((await all(ids(database, { collection: "Many", at, pageSize: 4 }))).flat()).toEqual(
          numbers,
        );
        const extent = await measure(database, { collection: "Many", at, documentsPerRange: 4 });
        expect(extent.ranges.map(({ from, to, documents }) => [from, to, documents])).toEqual([
          ["0", "10", 4],
          ["11", "101", 4],
          ["102", String(2n ** 63n - 1n), 2],
        ]);
      });

      it("read the same through v10 alone", async () => {
        const at = await snapshotTime(database);
        const options = { collection: "Many", at, pageSize: 3 };
        const pages = await all(recordPagesByV10(database, options));
        expect(pages.flatMap((page) => page.records.map(printRecord))).toEqual(
          await lines(database, options),
        );
      });

      it("stand still at a time while others write", async () => {
        const each = Array.from({ length: 20 }, (_, i) =>
          insert("Moving", String(i + 1), T0, `{"n":${i}}`),
        );
        await database.v4(`{"do":[${each.join(",")}]}`, { idempotent: true });
        const at = await snapshotTime(database);
        const before = await lines(database, { collection: "Moving", at });
        const done = new AbortController();
        const writer = (async () => {
          for (let i = 0; !done.signal.aborted; i++) {
            await v10(`Moving.byId("${(i % 10) + 1}")!.update({ n: ${i} })`);
            await v10(`Moving.create({ n: ${i} })`);
          }
        })();
        try {
          await v10('Moving.byId("15")!.delete()');
          for (let i = 0; i < 5; i++) {
            expect(await lines(database, { collection: "Moving", at, pageSize: 7 })).toEqual(
              before,
            );
          }
        } finally {
          done.abort();
          await writer;
        }
        const after = await snapshotTime(database);
        expect(await lines(database, { collection: "Moving", at: after })).not.toEqual(before);
        expect(await lines(database, { collection: "Moving", at })).toEqual(before);
      });

      it("cannot be read before the history window, and both times are told", async () => {
        const at = (await snapshotTime(database)) - 86_400_000_000n;
        const error = await failing(lines(database, { collection: "Moving", at }));
        expect(error.code).toBe("ERR_SNAPSHOT_EXPIRED");
        expect(String(error.details["requested"])).toMatch(/^\d{4}-.*Z$/);
        expect(String(error.details["oldest"])).toMatch(/^\d{4}-.*Z$/);
        expect(
          (await failing(all(recordPagesByV10(database, { collection: "Moving", at })))).code,
        ).toBe("ERR_SNAPSHOT_EXPIRED");
      });

      it("whose ttl has passed are passed over", async () => {
        await v10('Collection.create({ name: "Passing" })');
        await v10('Passing.create({ id: "1", ttl: Time.now().add(1, "day") })');
        await v10('Passing.create({ id: "2", ttl: Time.now().add(200, "milliseconds") })');
        await v10('Passing.create({ id: "3" })');
        await new Promise((resolve) => setTimeout(resolve, 400));
        const at = await snapshotTime(database);
        const found = await all(records(database, { collection: "Passing", at }));
        expect(found.map(({ id, ttl }) => [id, ttl === undefined])).toEqual([
          ["1", false],
          ["3", true],
        ]);
      });

      it("that are not there are refused by their protocol's own code", async () => {
        const v4 = await database
          .v4(q.Get(q.Ref(q.Collection("Many"), "5")))
          .catch((error: unknown) => error);
        expect(faunaCode(v4)).toBe("instance not found");
        const ten = await v10('Many.byId("5")!').catch((error: unknown) => error);
        expect(faunaCode(ten)).toBe("document_not_found");
      });
    });

    describe("schema files:", () => {
      const main = {
        filename: "main.fsl",
        content:
          "// A comment stays.\ncollection Kept {\n  name: String?\n  index byName {\n    terms [.name]\n  }\n}\n",
      };

      it("come back as they were pushed, into a database of their own", async () => {
        await v10('Database.create({ name: "fsl" })');
        const inner = await scoped(database, "fsl");
        const version = await pushSchema(inner, [main], { override: true });
        expect(await schemaFiles(inner)).toEqual({ version, files: [main] });
        expect(await stagedStatus(inner)).toEqual({ version, status: "none" });
      });

      it("leave what they do not mention when override is false, and delete it when it is true", async () => {
        const inner = await scoped(database, "fsl");
        const more = { filename: "more.fsl", content: "collection Other {\n}\n" };
        const names = async () =>
          (await inner.v10("Collection.all().map(.name).toArray().order()")).dataText;
        await pushSchema(inner, [more], { override: false });
        expect(await names()).toBe('["Kept","Other"]');
        await pushSchema(inner, [more], { override: true });
        expect(await names()).toBe('["Other"]');
      });

      it("are validated without being put in force", async () => {
        const inner = await scoped(database, "fsl");
        const before = await schemaFiles(inner);
        expect(await validateSchema(inner, [main], { override: true })).toContain("Kept");
        expect(await schemaFiles(inner)).toEqual(before);
      });

      it("can be staged, read while they wait, and dropped again", async () => {
        const inner = await scoped(database, "fsl");
        const before = await schemaFiles(inner);
        const next = { filename: "main.fsl", content: "collection Staged {\n}\n" };
        await pushSchema(inner, [next], { override: false, staged: true });
        while ((await stagedStatus(inner)).status === "pending") {
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        expect((await stagedStatus(inner)).status).toBe("ready");
        expect((await schemaFiles(inner)).files).toEqual(before.files);
        expect((await schemaFiles(inner, { staged: true })).files).toContainEqual(next);
        await endStaging(inner, "abandon");
        expect((await stagedStatus(inner)).status).toBe("none");
        expect((await schemaFiles(inner)).files).toEqual(before.files);
      });

      it("that are wrong are refused with the place in the file", async () => {
        const inner = await scoped(database, "fsl");
        const wrong = { filename: "main.fsl", content: "collection X {\n" };
        const error = await failing(pushSchema(inner, [wrong], { override: true }));
        expect(error.code).toBe("ERR_SCHEMA");
        expect(String(error.details["description"])).toContain("main.fsl:");
      });

      it("that start from an old version are refused", async () => {
        const inner = await scoped(database, "fsl");
        const error = await failing(pushSchema(inner, [main], { override: true, version: 1n }));
        expect(error.code).toBe("ERR_TRY_AGAIN");
        expect(error.details["code"]).toBe("stale_schema");
      });
    });
  });
}
