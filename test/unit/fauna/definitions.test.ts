import { describe, expect, it } from "vitest";
import { allDefinitions, definitions, type DefinitionKind } from "../../../src/fauna/fauna.ts";
import { cannedDatabase, v10Data, v4Error, v4Resource } from "../../support/canned-database.ts";
import type { CannedRequest, Reply } from "../../support/canned-server.ts";

const T = 1795259107540000n;

const native = (set: string, name: string): string =>
  `{"@ref":{"id":"${name}","collection":{"@ref":{"id":"${set}"}}}}`;

/** Recorded forms (interplay/v10-definitions-in-v4, fsl/v4-schema-in-fsl), as v4 and as v10 shows each. */
const V4: Readonly<Record<string, readonly string[]>> = {
  collections: [
    `{"ref":${native("collections", "C")},"ts":1,"name":"C","history_days":0,"indexes":{},"constraints":[]}`,
    `{"ref":${native("collections", "my-coll")},"ts":1,"history_days":0,"name":"my-coll"}`,
  ],
  functions: [
    `{"ref":${native("functions", "f")},"ts":1,"name":"f","body":"(x) => x + 9007199254740993"}`,
    `{"ref":${native("functions", "g")},"ts":1,"name":"g","body":{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}}`,
  ],
  roles: [
    `{"ref":${native("roles", "r")},"ts":1,"name":"r","privileges":[{"resource":"C","actions":{"read":true}}],"membership":[{"resource":"C"}]}`,
    `{"ref":${native("roles", "s")},"ts":1,"name":"s","privileges":[{"resource":${native("collections", "C")},"actions":{"read":true}}]}`,
    `{"ref":${native("roles", "t")},"ts":1,"name":"t","privileges":[],"membership":{"resource":${native("collections", "C")}}}`,
    `{"ref":${native("roles", "u")},"ts":1,"name":"u","privileges":[]}`,
  ],
  access_providers: [
    `{"ref":${native("access_providers", "a")},"ts":1,"name":"a","roles":["r"]}`,
    `{"ref":${native("access_providers", "b")},"ts":1,"name":"b","roles":[${native("roles", "s")}]}`,
    `{"ref":${native("access_providers", "c")},"ts":1,"name":"c","roles":[{"role":${native("roles", "s")},"predicate":{"@query":{}}}]}`,
  ],
  indexes: [
    `{"ref":${native("indexes", "ix")},"ts":1,"active":true,"serialized":true,"name":"ix","partitions":1}`,
  ],
  databases: [],
};

const V10: Readonly<Record<string, readonly string[]>> = {
  Collection: [
    '{"@doc":{"name":"C","coll":{"@mod":"Collection"},"indexes":{}}}',
    '{"@doc":{"@object":{"name":"my-coll","coll":{"@mod":"Collection"},"@x":"y"}}}',
  ],
  Function: [
    '{"@doc":{"name":"f","body":"(x) => x"}}',
    '{"@doc":{"name":"g","body":"[function <lambda>]"}}',
  ],
  Role: [],
  AccessProvider: [],
  Database: [],
};

function database({ path, body }: CannedRequest): Reply {
  if (path === "/query/1") {
    const module = /\{ (\w+)\.all\(\)/.exec(body)![1]!;
    return v10Data(`{"@set":{"data":[${V10[module]!.join(",")}]}}`);
  }
  const query = JSON.parse(body) as {
    at: number;
    expr: { collection: { paginate: object; after?: [unknown] } };
  };
  expect(query.at).toBe(Number(T));
  const { paginate, after } = query.expr.collection;
  const all = V4[Object.keys(paginate)[0]!]!;
  // Pages of one definition each, so that every listing has to follow the cursor.
  const start = after === undefined ? 0 : Number(/"id":"(\d+)"/.exec(JSON.stringify(after))![1]);
  const cursor = start + 1 < all.length ? `"after":[${native("x", String(start + 1))}],` : "";
  return v4Resource(`{${cursor}"data":[${all.slice(start, start + 1).join(",")}]}`);
}

describe("definitions", () => {
  it.each<[DefinitionKind, Record<string, "v4" | "v10">]>([
    ["collections", { C: "v10", "my-coll": "v4" }],
    ["functions", { f: "v10", g: "v4" }],
    ["roles", { r: "v10", s: "v4", t: "v4", u: "v10" }],
    ["access_providers", { a: "v10", b: "v4", c: "v4" }],
    ["indexes", { ix: "v4" }],
    ["databases", {}],
  ])("of %s tell which protocol made each", async (kind, made) => {
    await using at = await cannedDatabase(database);
    const found = await definitions(at.connection, kind, { at: T });
    expect(Object.fromEntries(found.map(({ name, madeBy }) => [name, madeBy]))).toEqual(made);
  });

  it("keep both protocols' raw text", async () => {
    await using at = await cannedDatabase(database);
    const [f, g] = await definitions(at.connection, "functions", { at: T });
    expect(f).toMatchObject({ v4: V4["functions"]![0], v10: V10["Function"]![0] });
    expect(g).toMatchObject({ v4: V4["functions"]![1], v10: V10["Function"]![1] });
    const [index] = await definitions(at.connection, "indexes", { at: T });
    expect(index).toMatchObject({ v4: V4["indexes"]![0], v10: undefined });
  });

  it("are read through v10 alone where v4 is switched off", async () => {
    await using at = await cannedDatabase((request) =>
      request.path === "/" ? v4Error(410, "forbidden", "v4 is off.") : database(request),
    );
    const found = await allDefinitions(at.connection, { at: T });
    expect(found.map(({ kind, name, v4, madeBy }) => [kind, name, v4, madeBy])).toEqual([
      ["collections", "C", undefined, "v10"],
      ["collections", "my-coll", undefined, "v10"],
      ["functions", "f", undefined, "v10"],
      ["functions", "g", undefined, "v10"],
    ]);
  });

  it("say that an admin is needed for what a server secret cannot see", async () => {
    await using at = await cannedDatabase(() => v4Error(403, "permission denied", "No."));
    await expect(definitions(at.connection, "roles", { at: T })).rejects.toMatchObject({
      code: "ERR_FORBIDDEN",
      hint: expect.stringContaining("admin") as string,
    });
  });
});
