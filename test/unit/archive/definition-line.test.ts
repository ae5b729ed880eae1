import { describe, expect, it } from "vitest";
import { parseDefinitionLine, printDefinitionLine } from "../../../src/archive/archive.ts";

describe("a line of definitions", () => {
  it.each([
    {
      name: "f",
      madeBy: "v4" as const,
      v4: '{"ttl":1.0,"__proto__":{"2":1,"1":2}}',
      v10: undefined,
    },
    {
      name: 'a"b\n日',
      madeBy: "v10" as const,
      v4: undefined,
      v10: '{"@doc":{"n":{"@long":"9223372036854775807"}}}',
    },
    { name: "both", madeBy: "v10" as const, v4: "{}", v10: "{}" },
    { name: "", madeBy: "v4" as const, v4: undefined, v10: undefined },
  ])("comes back as it was: %j", (definition) => {
    const line = printDefinitionLine(definition);
    expect(line).not.toContain("\n");
    expect(parseDefinitionLine(line, "here")).toEqual(definition);
  });

  it("is one line of canonical text whatever white space the server sent", () => {
    const v4 = '{ "a" :\n [ 1.50, "\\u0041" ] }';
    const line = printDefinitionLine({ name: "x", madeBy: "v4", v4, v10: undefined });
    expect(line).toBe('{"name":"x","madeBy":"v4","v4":{"a":[1.50,"A"]}}');
  });

  it.each([
    "",
    "{",
    "[]",
    '{"name":"x"}',
    '{"name":"x","madeBy":"v5"}',
    '{"madeBy":"v4"}',
    '{"name":1,"madeBy":"v4"}',
  ])("that is %j is refused, with its place", (line) => {
    expect(() => parseDefinitionLine(line, "here")).toThrow(
      expect.objectContaining({ code: "ERR_RECORD", place: "here" }),
    );
  });
});
