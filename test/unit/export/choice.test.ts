import { describe, expect, it } from "vitest";
import { type ChoiceOptions, resolveChoice } from "../../../src/export/choice.ts";

const named = (names: readonly string[]) => names.map((name) => ({ name }));

describe("what is asked for of a database", () => {
  it.each<[ChoiceOptions, string[], string[]]>([
    [{ collections: ["Order"] }, ["Order"], ["order", "Orders"]],
    [{ collections: ["Order*"] }, ["Order", "Orders", "Order/x"], ["order"]],
    [{ collections: ["{a,b}"] }, ["a", "b"], ["c", "ab"]],
    [{ collections: ["?"] }, ["a", "."], ["ab", ""]],
    [{ collections: ["*"] }, [".hidden", "a.b", "my-coll"], []],
    [{ exclude: ["Order"] }, ["Orders"], ["Order"]],
    [{ collections: ["O*"], exclude: ["*s"] }, ["Order"], ["Orders", "Visit"]],
    [{ collections: ["a+b"] }, ["a+b"], ["aab"]],
  ])("with %j is just the collections of those names", (options, wanted, unwanted) => {
    const all = named([...wanted, ...unwanted]);
    expect(resolveChoice(options).choose(all, "here")).toEqual(named(wanted));
  });

  it("cannot be a collection that is not there", () => {
    const choice = resolveChoice({ collections: ["Order", "Costumer"] });
    expect(() => choice.choose(named(["Order", "Customer"]), "here")).toThrow(
      expect.objectContaining({
        code: "ERR_USAGE",
        place: "Costumer",
        hint: expect.stringContaining("Customer") as string,
      }),
    );
  });

  it("is no documents where only the schema is", () => {
    const choice = resolveChoice({ schemaOnly: true });
    expect(choice.schema).toBe(true);
    expect(choice.choose(named(["Order"]), "here")).toEqual([]);
  });

  it("is no schema where only the data is", () => {
    expect(resolveChoice({ dataOnly: true }).schema).toBe(false);
  });
});
