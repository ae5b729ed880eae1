import { describe, expect, it } from "vitest";
import { TestDatabase } from "./support.ts";

const collection = (fields: string, migrations = "") =>
  `collection C {\n${fields}\n${migrations === "" ? "" : `migrations {\n${migrations}\n}`}\n}\n`;

function withDocument(fields: string, data: Parameters<TestDatabase["put"]>[2]) {
  const db = new TestDatabase();
  db.push(collection(fields));
  db.put("C", 1n, data);
  return db;
}

describe("migrations", () => {
  it("fill a new field with its backfill", () => {
    const db = withDocument("a: Int", { a: 1n });
    db.push(collection("a: Int\nb: Int", "add .b\nbackfill .b = 2 + 5"));
    expect(db.data("C", 1n)).toEqual({ a: 1, b: 7 });
  });

  it("fill a new field with its default", () => {
    const db = withDocument("a: Int", { a: 1n });
    db.push(collection('a: Int\nb: String = "x"', "add .b"));
    expect(db.data("C", 1n)).toEqual({ a: 1, b: "x" });
  });

  it("move and drop fields, each step once", () => {
    const db = withDocument("a: Int\nb: String?", { a: 1n, b: "x" });
    db.push(collection("a: Int\nc: String?", "move .b -> .c"));
    expect(db.data("C", 1n)).toEqual({ a: 1, c: "x" });
    db.push(collection("a: Int", "move .b -> .c\ndrop .c"));
    expect(db.data("C", 1n)).toEqual({ a: 1 });
    db.push(collection("a: Int\nc: Int?", "move .b -> .c\ndrop .c\nadd .c"));
    expect(db.data("C", 1n)).toEqual({ a: 1 });
    db.push(collection("a: Int\nc: Int?"));
  });

  it("split a field by the types of its values", () => {
    const db = withDocument("a: Int | String", { a: 1n });
    db.put("C", 2n, { a: "x" });
    db.push(collection("a: Int = 0\nb: String?", "split .a -> .a, .b"));
    expect([db.data("C", 1n), db.data("C", 2n)]).toEqual([{ a: 1 }, { a: 0, b: "x" }]);
  });

  it("gather what a wildcard let in", () => {
    const db = withDocument("a: Int\n*: Any", { a: 1n, x: "y", z: 5n });
    db.push(collection("a: Int\nrest: { *: Any }?", "add .rest\nmove_wildcard .rest"));
    expect(db.data("C", 1n)).toEqual({ a: 1, rest: { x: "y", z: 5 } });
    db.push(
      collection(
        "a: Int\nrest: { *: Any }?\n*: Any",
        "add .rest\nmove_wildcard .rest\nadd_wildcard",
      ),
    );
    expect(db.data("C", 1n)).toEqual({ a: 1, rest: { x: "y", z: 5 } });
  });

  it("put values of another type out of the way of a new field", () => {
    const db = withDocument("*: Any", { b: "no number", c: 1n });
    db.push(
      collection(
        "b: Int\nconflicts: { *: Any }?\n*: Any",
        "add .conflicts\nadd .b\nbackfill .b = 3\nmove_conflicts .conflicts",
      ),
    );
    expect(db.data("C", 1n)).toEqual({ b: 3, c: 1, conflicts: { b: "no number" } });
  });

  it("reach into objects", () => {
    const db = withDocument("a: { b: Int, c: String? }\nd: {}", {
      a: new Map<string, bigint | string>([
        ["b", 1n],
        ["c", "x"],
      ]),
      d: new Map(),
    });
    const steps = "move .a.b -> .d.e\nadd .a.f\nbackfill .a.f = true\ndrop .a.c";
    db.push(collection("a: { f: Boolean }\nd: { e: Int }", steps));
    expect(db.data("C", 1n)).toEqual({ a: { f: true }, d: { e: 1 } });
  });

  it("carry a backfill along with a field that moves on", () => {
    const db = withDocument("a: Int", { a: 1n });
    db.push(collection("a: Int\nc: Int", "add .b\nmove .b -> .c\nbackfill .c = 3"));
    expect(db.data("C", 1n)).toEqual({ a: 1, c: 3 });
  });

  it("leave documents their time", () => {
    const db = withDocument("a: Int", { a: 1n });
    const ts = () =>
      db.do((transaction) => [...transaction.documents(1024)].map(({ version }) => version.ts));
    const before = ts();
    db.push(collection("a: Int\nb: Int = 1", "add .b"));
    expect(ts()).toEqual(before);
  });

  it.each([
    ["a: Int\nb: Int", "", "Field `.b` is not present in the live schema"],
    ["a: Int\nb: Int?", "", "Field `.b` is not present in the live schema"],
    ["a: Int\nb: Int", "add .b\nbackfill .b = 'x'", "Type `String` is not a subtype of `Int`"],
    ["a: Int\n*: Any", "", "Wildcard was not present in the live schema"],
    ["", "drop .a", "All fields from the live schema are dropped"],
    ["a: String", "", "Field `.a` of type `String` does not match the live type `Int`"],
    ["b: Int?", "add .b", "Field `.a` is missing from the submitted schema"],
    [
      "a: Int\nb: Int",
      "add .b",
      "Cannot declare non-nullable field `.b`: it has no default and no backfill value",
    ],
    ["a: Int", "drop .a", "Cannot drop field `.a`. Dropped fields must be removed from schema"],
    ["a: Int", "drop .x", "Field `.x` was dropped but it doesn't exist in the live schema"],
    [
      "a: Int\nb: Int",
      "backfill .b = 1",
      "without being declared by an `add` or `split` migration",
    ],
    ["b: Int", "move .x -> .y", "Cannot move field `.x`, as it is not in the live schema"],
  ])("refuse to go to %j by %j", (fields, steps, message) => {
    const db = withDocument("a: Int", { a: 1n });
    expect(db.refusal(() => db.push(collection(fields, steps))).message).toContain(message);
    expect(db.data("C", 1n)).toEqual({ a: 1 });
  });

  it("may be anything consistent while there are no documents", () => {
    const db = new TestDatabase();
    db.push(collection("a: Int"));
    db.push(collection("b: String", "drop .a\nadd .b\nbackfill .b = 'x'"));
    expect(db.refusal(() => db.push(collection("b: String", "drop .b"))).message).toContain(
      "Cannot drop field `.b`",
    );
  });

  it("are not needed for wider types", () => {
    const db = withDocument("a: Int\nb: 'x' | 'y'", { a: 1n, b: "x" });
    db.push(collection("a: Number?\nb: String"));
    expect(db.data("C", 1n)).toEqual({ a: 1, b: "x" });
  });
});
