import { describe, expect, test } from "vitest";
import type { Action, Auth, Resource } from "../../../../src/emulator/auth/auth.ts";
import { authorize, enter } from "../../../../src/emulator/auth/authenticate.ts";
import { issueKey, issueToken } from "../../../../src/emulator/auth/issue.ts";
import { Cluster } from "../../../../src/emulator/data/cluster.ts";
import type { Database } from "../../../../src/emulator/data/database.ts";
import { NATIVE } from "../../../../src/emulator/data/ids.ts";
import { type Data, DocRef, objectOf } from "../../../../src/emulator/data/value.ts";

const ROOT = "root-secret";
const USERS: Resource = { kind: "collection", name: "User" };
const KEYS: Resource = { kind: "native", name: "Key" };

/** A node with a `User` collection holding document 1, and ways to add to it. */
class World {
  readonly cluster = new Cluster();
  readonly users: DocRef;
  readonly alice: DocRef;

  constructor() {
    this.users = this.add(NATIVE.Collection, { name: "User" });
    this.alice = new DocRef(Number(this.users.id), 1n);
    this.cluster.transact(this.cluster.root, (tx) => tx.create(this.alice, objectOf([])));
  }

  add(kind: number, fields: Record<string, Data>, database: Database = this.cluster.root): DocRef {
    return this.cluster.transact(database, (tx) => {
      const ref = tx.newRef(kind);
      tx.create(ref, objectOf(Object.entries(fields)));
      return ref;
    });
  }

  /** Adds a key and gives its secret. */
  key(fields: Record<string, Data>, database: Database = this.cluster.root): string {
    return this.cluster.transact(database, (tx) => {
      const ref = tx.newRef(NATIVE.Key);
      const issued = issueKey(ref.id);
      tx.create(ref, objectOf([...Object.entries(fields), ...issued.fields]));
      return issued.secret;
    });
  }

  token(instance: DocRef): { ref: DocRef; secret: string } {
    return this.cluster.transact(this.cluster.root, (tx) => {
      const ref = tx.newRef(NATIVE.Token);
      const issued = issueToken(ref.id, this.cluster.root);
      tx.create(ref, objectOf([["instance", instance], ...issued.fields]));
      return { ref, secret: issued.secret };
    });
  }

  database(name: string, within: Database = this.cluster.root): Database {
    const ref = this.add(NATIVE.Database, { name }, within);
    const child = within.child(ref.id);
    if (child === undefined) throw new Error("no child");
    return child;
  }

  /** Where a secret leads and what it is allowed there, predicates answering as told. */
  as(secret: string, predicate: (text: string) => boolean = () => false): Seen {
    const now = this.cluster.clock.next();
    const entry = enter(this.cluster, ROOT, secret, now);
    if (entry === undefined) return { path: undefined, auth: undefined };
    const transaction = this.cluster.begin(entry.database);
    const auth = authorize(entry, transaction, (_tx, body) =>
      predicate(typeof body === "string" ? body : "v4"),
    );
    return { path: auth && entry.database.path.join("/"), auth };
  }
}

interface Seen {
  readonly path: string | undefined;
  readonly auth: Auth | undefined;
}

const may = ({ auth }: Seen, action: Action, resource: Resource): boolean | undefined =>
  auth?.may(action, resource);

/** Privileges on `resource`: reading always, writing never, creating on condition. */
function somePrivileges(resource: Data): Data[] {
  const actions = objectOf([
    ["read", true],
    ["write", false],
    ["create", "maybe"],
  ]);
  return [
    objectOf([
      ["resource", resource],
      ["actions", actions],
    ]),
  ];
}

describe("secrets", () => {
  test("the root secret is an admin everywhere; other words are nobody", () => {
    const world = new World();
    expect(may(world.as(ROOT), "create", KEYS)).toBe(true);
    expect(world.as("wrong").path).toBeUndefined();
    expect(world.as("fnAE__________________________________8").path).toBeUndefined();
  });

  test("a key acts with its role, in its own database or the child it is for", () => {
    const world = new World();
    const kid = world.database("kid");
    const server = world.key({ role: "server" });
    const admin = world.key({ role: "admin", database: new DocRef(NATIVE.Database, kid.id) });
    expect(world.as(server).path).toBe("");
    expect(may(world.as(server), "create", USERS)).toBe(true);
    expect(may(world.as(server), "read", KEYS)).toBe(false);
    expect(world.as(admin).path).toBe("kid");
    expect(world.as(world.key({ role: "admin", database: "kid" })).path).toBe("kid");
    expect(world.as(world.key({ role: "admin", database: "none" })).path).toBeUndefined();
    world.cluster.transact(world.cluster.root, (tx) =>
      tx.delete(new DocRef(NATIVE.Database, kid.id)),
    );
    expect(world.as(admin).path).toBeUndefined();
  });

  test("a key re-created from its hash opens with the old secret", () => {
    const world = new World();
    const issued = issueKey(77n);
    world.cluster.transact(world.cluster.root, (tx) =>
      tx.create(new DocRef(NATIVE.Key, 77n), objectOf([["role", "admin"], ...issued.fields])),
    );
    expect(world.as(issued.secret).path).toBe("");
  });

  test("a token acts as its document, until it or the document is gone", () => {
    const world = new World();
    world.add(NATIVE.Role, {
      name: "reader",
      privileges: [
        objectOf([
          ["resource", "User"],
          ["actions", objectOf([["read", true]])],
        ]),
      ],
      membership: [objectOf([["resource", "User"]])],
    });
    const { ref, secret } = world.token(world.alice);
    const seen = world.as(secret);
    expect(seen.auth?.identity).toEqual(world.alice);
    expect(may(seen, "read", USERS)).toBe(true);
    expect(may(seen, "write", USERS)).toBe(false);
    const own: Resource = { kind: "native", name: "Token" };
    expect(seen.auth?.may("delete", own, { ref })).toBe(true);
    expect(seen.auth?.may("delete", own, { ref: new DocRef(NATIVE.Token, 1n) })).toBe(false);
    world.cluster.transact(world.cluster.root, (tx) => tx.delete(world.alice));
    expect(world.as(secret).path).toBeUndefined();
  });

  test("a token created from a hash never opens", () => {
    const world = new World();
    const { ref, secret } = world.token(world.alice);
    world.cluster.transact(world.cluster.root, (tx) => {
      const hash = tx.get(ref)?.fields.get("hashed_secret");
      tx.delete(ref);
      tx.create(
        ref,
        objectOf([
          ["instance", world.alice],
          ["hashed_secret", hash],
        ]),
      );
    });
    expect(world.as(secret).path).toBeUndefined();
  });
});

describe("scoped secrets", () => {
  test("lead an admin to child databases, with any role", () => {
    const world = new World();
    world.database("grand", world.database("kid"));
    expect(world.as(`${ROOT}:kid/grand:server`).path).toBe("kid/grand");
    expect(may(world.as(`${ROOT}:kid:server-readonly`), "create", USERS)).toBe(false);
    expect(world.as(`${ROOT}:kid/none:admin`).path).toBeUndefined();
    expect(world.as(`${ROOT}:kid:bogus`).path).toBe("");
  });

  test("are for admins only, but for documents below a server key", () => {
    const world = new World();
    const server = world.key({ role: "server" });
    const client = world.key({ role: "client" });
    expect(world.as(`${server}:admin`).path).toBeUndefined();
    expect(world.as(`${server}:@doc/User/1`).auth?.identity).toEqual(world.alice);
    expect(world.as(`${client}:@doc/User/1`).path).toBeUndefined();
  });

  test("name documents and roles that must be there", () => {
    const world = new World();
    world.add(NATIVE.Role, { name: "none", privileges: [] });
    expect(may(world.as(`${ROOT}:@role/none`), "read", USERS)).toBe(false);
    for (const missing of ["@role/missing", "@doc/User/9", "@doc/Nope/1", "@doc/User/x"]) {
      expect(world.as(`${ROOT}:${missing}`).path).toBeUndefined();
    }
  });
});

describe("user-defined roles", () => {
  test("of both languages mean the same, by name or by reference", () => {
    const world = new World();
    world.add(NATIVE.Role, { name: "v10", privileges: somePrivileges("User") });
    const v4 = world.add(NATIVE.Role, { name: "v4", privileges: somePrivileges(world.users) });
    for (const role of ["v10", v4, [v4]]) {
      const secret = world.key({ role });
      const seen = world.as(secret);
      expect(may(seen, "read", USERS)).toBe(true);
      expect(may(seen, "write", USERS)).toBe(false);
      expect(may(seen, "create", USERS)).toBe(false);
      expect(seen.auth?.mayList(USERS)).toBe(true);
      expect(seen.auth?.mayList(KEYS)).toBe(false);
      expect(
        may(
          world.as(secret, (text) => text === "maybe"),
          "create",
          USERS,
        ),
      ).toBe(true);
    }
    world.cluster.transact(world.cluster.root, (tx) => tx.delete(v4));
    expect(may(world.as(world.key({ role: v4 })), "read", USERS)).toBe(false);
  });

  test("belong to documents whose membership predicate holds", () => {
    const world = new World();
    world.add(NATIVE.Role, {
      name: "writer",
      privileges: [
        objectOf([
          ["resource", "User"],
          ["actions", objectOf([["write", true]])],
        ]),
      ],
      membership: [
        objectOf([
          ["resource", "User"],
          ["predicate", "is staff"],
        ]),
      ],
    });
    const { secret } = world.token(world.alice);
    expect(may(world.as(secret), "write", USERS)).toBe(false);
    expect(
      may(
        world.as(secret, (text) => text === "is staff"),
        "write",
        USERS,
      ),
    ).toBe(true);
  });

  test("creating with an id takes its own privilege, or create and history_write together", () => {
    const world = new World();
    const allow = (name: string, actions: readonly string[]): boolean | undefined => {
      const fields = objectOf(actions.map((action) => [action, true] as const));
      const privileges = [
        objectOf([
          ["resource", "User"],
          ["actions", fields],
        ]),
      ];
      world.add(NATIVE.Role, { name, privileges });
      return world.as(`${ROOT}:@role/${name}`).auth?.mayCreateWithId(USERS);
    };
    expect(allow("a", ["create_with_id"])).toBe(true);
    expect(allow("b", ["create"])).toBe(false);
    expect(allow("c", ["create", "history_write"])).toBe(true);
  });

  test("a function's role replaces the caller's rights, not the caller", () => {
    const world = new World();
    world.add(NATIVE.Role, { name: "none", privileges: [] });
    const { secret } = world.token(world.alice);
    const { auth } = world.as(secret);
    expect(auth?.as("server").may("create", USERS)).toBe(true);
    expect(auth?.as("server").identity).toEqual(world.alice);
    expect(auth?.as("none").may("read", USERS)).toBe(false);
    expect(auth?.as("gone").may("read", USERS)).toBe(false);
    expect(auth?.forPredicate().may("read", USERS)).toBe(true);
    expect(auth?.forPredicate().may("write", USERS)).toBe(false);
  });
});
