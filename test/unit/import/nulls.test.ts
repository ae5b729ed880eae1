import { describe, expect, it } from "vitest";
import { nullsPatch } from "../../../src/import/nulls.ts";

const LAMBDA = '{"@query":{"api_version":"4","lambda":"x","expr":null}}';

describe("the patch that puts nulls back", () => {
  it.each([
    ['{"a":[null]}', '[{"path":["a"],"value":[null]}]'],
    ['{"a":[1,null],"b":[1],"c":2}', '[{"path":["a"],"value":[{"@int":"1"},null]}]'],
    ['{"deep":{"er":{"a":[null]},"x":1}}', '[{"path":["deep","er","a"],"value":[null]}]'],
    ['{"a":[{"b":[null]}]}', '[{"path":["a"],"value":[{"b":[null]}]}]'],
    ['{"a":[[null],1.0,"null"]}', '[{"path":["a"],"value":[[null],{"@double":"1.0"},"null"]}]'],
    ['{"@obj":{"@odd":[null],"n":1}}', '[{"path":["@odd"],"value":[null]}]'],
    [
      '{"a":[null],"b":{"a":[null]}}',
      '[{"path":["a"],"value":[null]},{"path":["b","a"],"value":[null]}]',
    ],
  ])("of %s is just the arrays that hold some", (data, patches) => {
    expect(nullsPatch(data)).toEqual({ patches, lambdas: undefined });
  });

  it.each([
    [
      `{"f":${LAMBDA},"a":[null]}`,
      '[{"path":["f"],"value":""},{"path":["a"],"value":[null]}]',
      `{"f":${LAMBDA}}`,
    ],
    [
      `{"m":{"@obj":{"@f":${LAMBDA},"n":1}},"a":[null]}`,
      '[{"path":["m","@f"],"value":""},{"path":["a"],"value":[null]}]',
      `{"m":{"@obj":{"@f":${LAMBDA}}}}`,
    ],
    [
      `{"l":[1,{"f":${LAMBDA}}],"a":[null]}`,
      '[{"path":["l"],"value":""},{"path":["a"],"value":[null]}]',
      `{"l":[1,{"f":${LAMBDA}}]}`,
    ],
  ])(
    "of %s leaves the lambdas, which v10 cannot even leave alone, to v4",
    (data, patches, back) => {
      expect(nullsPatch(data)).toEqual({ patches, lambdas: back });
    },
  );

  it("leaves alone what else only v4 can write", () => {
    const index = '{"@ref":{"id":"ix","collection":{"@ref":{"id":"indexes"}}}}';
    const set = '{"@obj":{"@set":{"documents":1}}}';
    expect(nullsPatch(`{"i":${index},"s":${set},"a":[null]}`)).toEqual({
      patches: '[{"path":["a"],"value":[null]}]',
      lambdas: undefined,
    });
  });

  it("is refused where an array itself holds what only v4 can write", () => {
    expect(() => nullsPatch(`{"a":[null,${LAMBDA}]}`)).toThrow(
      expect.objectContaining({ code: "ERR_RECORD" }),
    );
  });
});
