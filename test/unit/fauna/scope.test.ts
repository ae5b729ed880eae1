import { describe, expect, it } from "vitest";
import { rights, scoped } from "../../../src/fauna/fauna.ts";
import {
  cannedDatabase,
  v10Data,
  v10Error,
  v4Error,
  v4Resource,
} from "../../support/canned-database.ts";
import type { CannedRequest, Reply } from "../../support/canned-server.ts";

const OWN = "fnCannedSecret0123456789";

/** Global ids by the scope that opens each database; `kid` has a child `grand`. */
const OPENS: Readonly<Record<string, string>> = {
  "": "gid-own",
  kid: "gid-kid",
  "kid/grand": "gid-grand",
};

function scopeOf({ headers }: CannedRequest): { path: string; role: string } {
  const [, ...scope] = headers["authorization"]!.replace("Bearer ", "").split(":");
  return scope.length === 2
    ? { path: scope[0]!, role: scope[1]! }
    : { path: "", role: scope[0] ?? "" };
}

/** As Fauna: knows its databases by path, and ignores the whole scope when `ignores` says so. */
function tree(ignores: (path: string) => boolean = () => false, v4 = true) {
  return (request: CannedRequest): Reply => {
    const { path, role } = scopeOf(request);
    if (role === "@role/missing") return v4Error(401, "unauthorized", "Unauthorized");
    const opened = ignores(path) ? "" : path;
    const id = OPENS[opened];
    if (id === undefined) return v4Error(401, "unauthorized", "Unauthorized");
    if (request.path === "/authorized") return { body: `{"account":"0","global_id":"${id}"}` };
    const name = /"database":"(\w+)"|"name":"(\w+)"/.exec(request.body);
    const child = OPENS[[opened, name?.[1] ?? name?.[2]].filter((part) => part !== "").join("/")];
    if (request.path === "/query/1") return v10Data(child === undefined ? "null" : `"${child}"`);
    if (!v4) return v4Error(410, "forbidden", "v4 is off.");
    return v4Resource(child === undefined ? "null" : `"${child}"`);
  };
}

describe("scoped", () => {
  it.each([
    ["kid", "admin", `${OWN}:kid:admin`],
    ["kid/grand", "server-readonly", `${OWN}:kid/grand:server-readonly`],
    ["", "@role/clerk", `${OWN}:@role/clerk`],
  ])("opens %j in the role %s", async (path, role, secret) => {
    for (const v4 of [true, false]) {
      await using at = await cannedDatabase(tree(undefined, v4));
      const inner = await scoped(at.connection, path, role);
      expect(inner.path).toBe(path);
      expect(at.server.requests.at(-1)!.headers["authorization"]).toBe(`Bearer ${secret}`);
    }
  });

  it("goes further down from a connection that is scoped already", async () => {
    await using at = await cannedDatabase(tree());
    const kid = await scoped(at.connection, "kid");
    expect((await scoped(kid, "grand")).path).toBe("kid/grand");
  });

  it.each(["bogus", "Admin", "", "@doc/C/1", "@role/"])(
    "never sends a secret in the role %j, which Fauna would ignore",
    async (role) => {
      await using at = await cannedDatabase(tree());
      await expect(scoped(at.connection, "kid", role)).rejects.toMatchObject({ code: "ERR_USAGE" });
      expect(at.server.requests).toHaveLength(0);
    },
  );

  it("refuses a server that ignores the scope and opens the key's own database", async () => {
    await using at = await cannedDatabase(tree((path) => path === "kid"));
    await expect(scoped(at.connection, "kid")).rejects.toMatchObject({
      code: "ERR_UNAUTHORIZED",
      message: "The scoped secret opens another database than the one it names.",
    });
  });

  it("says that a database is not there", async () => {
    await using at = await cannedDatabase(tree());
    for (const path of ["nobody", "kid/nobody", "nobody/kid"]) {
      await expect(scoped(at.connection, path)).rejects.toMatchObject({ code: "ERR_UNAUTHORIZED" });
    }
  });

  it("says that a role is not there", async () => {
    await using at = await cannedDatabase(tree());
    await expect(scoped(at.connection, "kid", "@role/missing")).rejects.toMatchObject({
      code: "ERR_UNAUTHORIZED",
    });
  });

  it("does not widen a secret that was narrowed to a lesser role", async () => {
    await using at = await cannedDatabase(tree(), { secret: `${OWN}:server` });
    await expect(scoped(at.connection, "kid")).rejects.toMatchObject({ code: "ERR_FORBIDDEN" });
  });
});

describe("rights", () => {
  const denied = v4Error(403, "permission denied", "No.");
  const aborted = v4Error(400, "transaction aborted", "probe");

  const files: Reply = { body: '{"version":7,"files":[]}' };
  const noFiles: Reply = { status: 403, body: '{"error":{"message":"Access denied"}}' };
  const empty = v4Resource('{"data":[]}');

  it.each<[string, Record<string, Reply>]>([
    ["admin", { files, keys: empty }],
    ["server", { files, keys: denied, create: aborted }],
    ["server-readonly", { files, keys: denied, create: denied }],
    // Sets that may not be read are empty, not refused.
    ["limited", { files: noFiles, keys: empty }],
  ])("tell %s apart without leaving a trace", async (role, replies) => {
    await using at = await cannedDatabase(({ path, body }) => {
      const asked = path.startsWith("/schema/") ? "files" : body;
      return replies[Object.keys(replies).find((name) => asked.includes(name))!]!;
    });
    expect(await rights(at.connection)).toBe(role);
    for (const { body } of at.server.requests) {
      if (body.includes("create")) expect(body).toContain('{"abort":"probe"}');
    }
  });

  it.each<[string, Reply, Reply]>([
    ["admin", v10Error(400, "abort", "aborted"), denied],
    ["server", v10Error(403, "permission_denied", "No."), v10Error(400, "abort", "aborted")],
    [
      "server-readonly",
      v10Error(400, "permission_denied", "No."),
      v10Error(400, "permission_denied", "No."),
    ],
  ])("tell %s apart where v4 is switched off", async (role, key, collection) => {
    await using at = await cannedDatabase(({ path, body }) => {
      if (path === "/") return v4Error(410, "forbidden", "v4 is off.");
      if (path !== "/query/1") return files;
      return body.includes("Key.create") ? key : collection;
    });
    expect(await rights(at.connection)).toBe(role);
  });
});
