import { describe, expect, it } from "vitest";
import {
  createDefinition,
  finishSchema,
  updateDefinition,
} from "../../../../src/emulator/schema/schema.ts";
import { NATIVE } from "../../../../src/emulator/data/ids.ts";
import { definition, parameters, plain, simple, TestDatabase } from "./support.ts";
import {
  addItem,
  deleteItem,
  getItem,
  replaceItem,
  validateFiles,
} from "../../../../src/emulator/schema/schema.ts";

const SHOP = `// The shop.
collection   Product { // inline
  name: String; price :Double=0.5
  unique [ .name ]
  index byPrice { values [desc(.price)] }
  check positive (p => p.price >= 0)
  compute label: String = (p) => p.name+"!"
}

@role(server)
function total(x: Number): Number { x*2 }

role clerk {
  privileges Product { read }
  membership Product { predicate (p => p.ok) }
}
`;

describe("pushing schema files", () => {
  it("keeps them byte for byte", () => {
    const db = new TestDatabase();
    const files = { "main.fsl": SHOP, "access.fsl": "role visitor {}" };
    db.push(files);
    expect(db.files()).toEqual(files);
  });

  it("stores definitions in Fauna's own layout", () => {
    const db = new TestDatabase();
    db.push(SHOP);
    expect(simple(db.collection("Product"))).toEqual({
      name: "Product",
      history_days: 0,
      indexes: {
        byPrice: {
          values: [{ field: ".price", order: "desc", mva: false }],
          queryable: true,
          status: "complete",
        },
      },
      constraints: [
        { unique: [{ field: ".name", mva: false }], status: "active" },
        { check: { name: "positive", body: "(p) => p.price >= 0" } },
      ],
      computed_fields: { label: { body: '(p) => p.name + "!"', signature: "String" } },
      fields: { name: { signature: "String" }, price: { signature: "Double", default: "0.5" } },
    });
    const total = db.do(
      (transaction) => transaction.definitions.find(NATIVE.Function, "total")?.version.fields,
    );
    expect(simple(total)).toEqual({
      name: "total",
      role: "server",
      signature: "(x: Number) => Number",
      body: "(x) => {\n  x * 2\n}",
    });
  });

  it("deletes what the files no longer have, unless told not to", () => {
    const db = new TestDatabase();
    db.push({ "a.fsl": "collection A {}", "b.fsl": "collection B {}" });
    db.push({ "c.fsl": "collection C {}" }, "override=false");
    expect(Object.keys(db.files())).toEqual(["a.fsl", "b.fsl", "c.fsl"]);
    db.push({ "c.fsl": "collection C {}" });
    expect(db.collection("A")).toBeUndefined();
    expect(Object.keys(db.files())).toEqual(["c.fsl"]);
  });

  it("says everything that is wrong and changes nothing", () => {
    const db = new TestDatabase();
    db.push("collection A {}");
    const { status, message } = db.refusal(() =>
      db.push("collection B {}\nrole r {\n  privileges Nope { read }\n  membership Gone\n}\n"),
    );
    expect(status).toBe(400);
    expect(message.split("\n").filter((line) => /^(error|at)/.test(line))).toEqual([
      "error: Resource `Gone` does not exist",
      "at main.fsl:4:14",
      "error: Resource `Nope` does not exist",
      "at main.fsl:3:14",
    ]);
    expect(db.files()).toEqual({ "main.fsl": "collection A {}" });
  });

  it.each([
    ["collection C { a: Nope }", "Unknown type `Nope`"],
    ["collection C { a: Set<Int> }", "not persistable"],
    ["collection C { a: Array<Int> = [1, 'x'] }", "Type `String` is not a subtype of `Int`"],
    ["collection C { a: { b: Int } = { b: true } }", "Type `Boolean` is not a subtype of `Int`"],
    ["collection C { *: Int }", "Top-level wildcard must have type `Any`"],
    ["collection Set {}", "The identifier `Set` is reserved."],
    ["collection C { history_days -1 }", "history_days: Non-negative value required."],
    ["collection C { index all { terms [.a] } }", "The name 'all' is reserved."],
    ["collection C { index i { terms [.id] } }", "`id` is not supported as an index term"],
    ["collection C { check c (d => d.x +) }", "Expected"],
    ["collection C { check c ((a, b) => a) }", "Invalid function arity"],
    ['access provider p { issuer "x"\n jwks_uri "http://x" }', "must be a valid https URI"],
    [
      'access provider p { issuer "x"\n jwks_uri "https://x"\n role admin }',
      "Builtin role `admin` is not allowed",
    ],
    ["@role(nobody) function f() { 1 }", "Field refers to an unknown role name `nobody`."],
    [
      "collection A { migrations { add .x } }",
      "Cannot add field, as `.x` is not in the submitted schema",
    ],
  ])("refuses %j", (text, message) => {
    const db = new TestDatabase();
    expect(db.refusal(() => db.push(text)).message).toContain(message);
  });

  it("keeps a role that a function runs as", () => {
    const db = new TestDatabase();
    db.push("role r {}\n@role(r) function f() { 1 }");
    db.push("function f() { 1 }");
    db.push("role r {}\n@role(r) function f() { 1 }");
    const refused = db.refusal(() => db.push("@role(r) function f() { 1 }"));
    expect(refused.message).toContain("The function `f` refers to this document");
  });

  it("refuses the same name in two files", () => {
    const db = new TestDatabase();
    const files = { "a.fsl": "collection A {}", "b.fsl": "function A() { 1 }" };
    expect(db.refusal(() => db.push(files)).message).toBe(
      "Duplicate collection or function `A` in b.fsl (originally seen in a.fsl)",
    );
  });

  it("refuses a version that is not the newest", () => {
    const db = new TestDatabase();
    db.push("collection A {}");
    expect(db.refusal(() => db.push("collection B {}", "version=1"))).toEqual({
      status: 409,
      message: "Stale schema version provided",
    });
    db.push("collection B {}", "version=1&force=true");
    db.push("collection B {}\ncollection C {}", `version=${db.database.schemaVersion}`);
    expect(db.collection("C")).toBeDefined();
  });

  it("refuses destructive changes of a protected database", () => {
    const db = new TestDatabase({ protected: true });
    db.push("collection C { history_days 5\n index byA { terms [.a] } }");
    for (const text of [
      "collection C { history_days 1\n index byA { terms [.a] } }",
      "collection C { history_days 5 }",
      "",
    ]) {
      expect(db.refusal(() => db.push(text)).message).toContain("database is in protected mode");
    }
  });
});

describe("schema files after changes by queries", () => {
  it("are generated when there were none", () => {
    const db = new TestDatabase();
    db.do((transaction) => {
      createDefinition(
        transaction,
        NATIVE.Collection,
        definition('{"name":"C","alias":"D","history_days":3}'),
      );
      createDefinition(
        transaction,
        NATIVE.Function,
        definition('{"name":"f","body":"x => x + 1"}'),
      );
      finishSchema(transaction);
    });
    expect(db.files()).toEqual({
      "main.fsl": `// The following schema is auto-generated.
// This file contains FSL for FQL10-compatible schema items.

@alias(D)
collection C {
  history_days 3
}

function f(x) {
  x + 1
}
`,
    });
  });

  it("are patched where the definition stands, comments and layout kept", () => {
    const db = new TestDatabase();
    const text = `// head
collection C { // inline
  a : Int // first
  b: String
  index byA { terms [.a] }
}

// of f
function f() { 1 }
`;
    db.push(text);
    db.do((transaction) => {
      const ref = transaction.definitions.find(NATIVE.Collection, "C")?.ref;
      const call = transaction.definitions.find(NATIVE.Function, "f")?.ref;
      if (ref === undefined || call === undefined) throw new Error("not found");
      updateDefinition(
        transaction,
        ref,
        definition('{"fields":{"b":{"default":"\'x\'"}},"ttl_days":4,"indexes":{"byA":null}}'),
      );
      updateDefinition(transaction, call, definition('{"role":"admin","body":"() => 2"}'));
      finishSchema(transaction);
    });
    expect(db.files()["main.fsl"]).toBe(`// head
collection C { // inline
  a : Int // first
  b: String = "x"
  ttl_days 4
}

// of f
@role(admin)
function f() {
  2
}
`);
  });

  it("carry new names to where they are used", () => {
    const db = new TestDatabase();
    db.push("collection C {}\nrole r {\n  privileges C { read }\n}\n@role(r) function f() { 1 }");
    db.do((transaction) => {
      const ref = transaction.definitions.find(NATIVE.Collection, "C")?.ref;
      const role = transaction.definitions.find(NATIVE.Role, "r")?.ref;
      if (ref === undefined || role === undefined) throw new Error("not found");
      updateDefinition(transaction, ref, definition('{"name":"D"}'));
      updateDefinition(transaction, role, definition('{"name":"s"}'));
      finishSchema(transaction);
    });
    const text = db.files()["main.fsl"];
    expect(text).toContain("privileges D");
    expect(text).toContain("@role(s)");
    expect(text).not.toContain("collection C");
  });
});

describe("differences", () => {
  it("are told without being made", () => {
    const db = new TestDatabase();
    db.push(SHOP);
    const changed = SHOP.replace("x*2", "x * 3")
      .replace("{ read }", "{ read\n write }")
      .replace("unique [ .name ]", "");
    const diff = (query: string) =>
      db.do(
        (transaction) =>
          plain(
            validateFiles(
              transaction,
              [{ filename: "main.fsl", content: changed }],
              parameters(query),
            ),
          ) as { diff: string },
      ).diff;
    expect(diff("")).toBe(`* Modifying collection \`Product\` at main.fsl:1:1:
  * Constraints:
  - remove unique constraint on [.name]

* Modifying function \`total\` at main.fsl:10:1:
  ~ change body

* Modifying role \`clerk\` at main.fsl:13:1:
  ~ change privileges on \`Product\`

`);
    expect(diff("format=summary").split("\n")).toHaveLength(4);
    expect(diff("diff=textual")).toContain("-   unique [ .name ]");
    expect(diff("format=summary&color=ansi")).toContain("\u001b[1;34m* Modifying collection");
    expect(db.files()).toEqual({ "main.fsl": SHOP });
  });
});

describe("single items", () => {
  const db = new TestDatabase();
  db.push("collection A {}\n");
  const answer = (work: Parameters<TestDatabase["do"]>[0]) =>
    plain(db.do(work) as never) as Record<string, unknown>;

  const add = (text: string) =>
    db.refusal(() => answer((t) => addItem(t, "role", text, parameters("")))).message;

  it("are added at the end of the main file", () => {
    const added = answer((t) => addItem(t, "function", "function f() { 1 }\n", parameters("")));
    expect(added).toMatchObject({
      filename: "main.fsl",
      span: { start: 18, end: 36 },
      definition: { name: "f" },
    });
    expect(db.files()).toEqual({ "main.fsl": "collection A {}\n\n\nfunction f() { 1 }\n" });
  });

  it("are renamed by an item of another name", () => {
    const ref = db.do((t) => t.definitions.find(NATIVE.Function, "f")?.ref);
    answer((t) => replaceItem(t, "function", "f", "function g() { 2 }", parameters("")));
    expect(db.do((t) => t.definitions.find(NATIVE.Function, "g")?.ref)).toEqual(ref);
    expect(answer((t) => getItem(t, "function", "g", parameters("")))).toMatchObject({
      content: "function g() { 2 }",
    });
  });

  it("are deleted", () => {
    expect(answer((t) => deleteItem(t, "function", "g", parameters("")))).toMatchObject({
      definition: null,
    });
    expect(
      db.refusal(() => answer((t) => getItem(t, "function", "g", parameters("")))).status,
    ).toBe(404);
  });

  it("must be one item of the kind that the path says", () => {
    expect(add("collection B {}")).toBe("Wrong FSL snippet. Expected a role");
    expect(add("role a {}\nrole b {}")).toBe("Expected a single schema item, got: 2");
    expect(add(" ")).toBe("No FSL snippet provided");
  });
});
