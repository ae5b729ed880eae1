import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const failure = (bench: Bench, query: string, asking = {}) => bench.ask(query, asking).body.error;

describe("defaults of fields", () => {
  it("are evaluated when their collection is defined", () => {
    const bench = new Bench();
    const define = (source: string) =>
      failure(
        bench,
        `Collection.create({ name: "T", fields: { n: { signature: "Number", default: "${source}" } } })`,
      );
    expect(define("1 / 0")).toMatchObject({
      code: "constraint_failure",
      message: "Failed to create Collection.",
      constraint_failures: [
        {
          paths: [["n"]],
          message:
            "Default field evaluation failed.\nerror: Attempted integer division by zero.\n" +
            "at *field:n*:1:5\n  |\n1 | 1 / 0\n  |     ^\n  |",
        },
      ],
    });
    expect(define("Collection.all().count()")?.constraint_failures?.[0]?.message).toContain(
      "`all` performs a read, which is not allowed in default values.",
    );
    expect(define("1 + 1")).toBeUndefined();
  });
});

describe("computed fields", () => {
  it("may read and not write", () => {
    const bench = new Bench();
    bench.ask(
      `Collection.create({ name: "T", computed_fields: {
         count: { body: "d => T.all().count()" }, bad: { body: "d => T.create({})" }
       } })`,
    );
    bench.ask("T.createData({ x: 1 }) { x }");
    expect(bench.ask("T.all().first()!.count").body.data).toBe(1);
    expect(failure(bench, "T.all().first()!.bad")).toMatchObject({
      code: "invalid_effect",
      message: "`create` performs a write, which is not allowed in computed fields.",
    });
  });
});

describe("a server key", () => {
  it("gives no function more rights than it has itself", () => {
    const bench = new Bench();
    const server = { role: "server" } as const;
    const create = (name: string, role: string, asking = {}) =>
      failure(
        bench,
        `Function.create({ name: "${name}", body: "_ => 0", role: "${role}" })`,
        asking,
      );
    expect(create("a", "admin", server)).toMatchObject({
      message: "Failed to create Function.",
      constraint_failures: [
        {
          paths: [["role"]],
          message: "Cannot create a function with admin permissions using the server role.",
        },
      ],
    });
    expect(create("b", "server", server)).toBeUndefined();
    expect(failure(bench, 'b.definition.update({ role: "admin" })', server)).toMatchObject({
      message: "Failed to update Function `b`.",
      constraint_failures: [
        { message: "Cannot grant a function admin permissions using the server role." },
      ],
    });
    expect(create("c", "admin")).toBeUndefined();
    expect(failure(bench, "c.definition.update({ data: { x: 1 } })", server)).toBeUndefined();
  });
});
