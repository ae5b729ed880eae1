import { describe, expect, it } from "vitest";
import { NATIVE } from "../../../../src/emulator/data/ids.ts";
import {
  abandonSchema,
  collectionSchema,
  commitSchema,
  statusOfStaged,
} from "../../../../src/emulator/schema/schema.ts";
import { parameters, plain, TestDatabase } from "./support.ts";

const LIVE = "collection A {\n  a: Int?\n}\n";
const STAGED =
  "collection A {\n  a: Int?\n  b: Int = 5\n  index byA {\n    terms [.a]\n  }\n  migrations {\n    add .b\n  }\n}\ncollection B {}\n";

function staged() {
  const db = new TestDatabase();
  db.push(LIVE);
  db.put("A", 1n, { a: 1n });
  db.push(STAGED, "staged=true");
  const indexes = () =>
    db.do((transaction) => {
      const ref = transaction.definitions.find(NATIVE.Collection, "A")?.ref;
      const schema = collectionSchema(transaction, Number(ref?.id));
      return [...(schema?.indexes.keys() ?? [])];
    });
  const status = () =>
    (
      plain(db.do((transaction) => statusOfStaged(transaction, parameters("")))) as {
        status: string;
      }
    ).status;
  const ready = async () => {
    while (status() !== "ready") await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { db, indexes, ready };
}

describe("a staged schema", () => {
  it("shows in definitions, not in what queries see", () => {
    const { db, indexes } = staged();
    expect(db.collection("B")).toBeDefined();
    expect(indexes()).toEqual([]);
    expect(db.data("A", 1n)).toEqual({ a: 1 });
    expect(db.files()).toEqual({ "main.fsl": LIVE });
    expect(db.files("staged=true")).toEqual({ "main.fsl": STAGED });
  });

  it("comes into force when it is committed", async () => {
    const { db, indexes, ready } = staged();
    await ready();
    db.do((transaction) => commitSchema(transaction, parameters("")));
    expect(indexes()).toEqual(["byA"]);
    expect(db.data("A", 1n)).toEqual({ a: 1, b: 5 });
    expect(db.files()).toEqual({ "main.fsl": STAGED });
    const again = db.refusal(() =>
      db.do((transaction) => commitSchema(transaction, parameters(""))),
    );
    expect(again.message).toBe("There is no staged schema to commit");
  });

  it("leaves no trace when it is abandoned", () => {
    const { db, indexes } = staged();
    db.do((transaction) => abandonSchema(transaction, parameters("")));
    expect(db.collection("B")).toBeUndefined();
    expect(indexes()).toEqual([]);
    expect(db.files()).toEqual({ "main.fsl": LIVE });
    db.push("collection B {}");
    expect(db.collection("B")).toBeDefined();
  });

  it("is replaced by the next one that is staged", () => {
    const { db, indexes } = staged();
    db.push("collection A {\n  a: Int?\n}\ncollection C {}\n", "staged=true");
    expect(indexes()).toEqual([]);
    expect(db.collection("B")).toBeUndefined();
    expect(db.files()).toEqual({ "main.fsl": LIVE });
    db.do((transaction) => abandonSchema(transaction, parameters("")));
    expect(db.collection("C")).toBeUndefined();
    expect(db.files()).toEqual({ "main.fsl": LIVE });
  });

  it("cannot be had in the root", () => {
    const { db } = staged();
    const { cluster } = db;
    const refused = db.refusal(() =>
      cluster.transact(cluster.root, (transaction) => statusOfStaged(transaction, parameters(""))),
    );
    expect(refused.message).toBe("Schema cannot be staged in the root database");
  });
});
