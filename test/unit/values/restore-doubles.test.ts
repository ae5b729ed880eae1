import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/values/json.ts";
import { restoreDoubles } from "../../../src/values/restore-doubles.ts";

const restored = (v4: string, tagged: string) => restoreDoubles(v4, parseJson(tagged));

describe("restoring doubles", () => {
  it("puts back doubles where v10 shows them, and leaves strings strings", () => {
    const v4 =
      '{"nan":"NaN","real":"NaN","list":["-Infinity",{"@obj":{"@x":"Infinity"}}],"one":1.0}';
    const tagged =
      '{"real":"NaN","nan":{"@double":"NaN"},' +
      '"list":[{"@double":"-Infinity"},{"@object":{"@x":{"@double":"Infinity"}}}],"one":{"@double":"1.0"}}';
    expect(restored(v4, tagged)).toBe(
      '{"nan":{"@double":"NaN"},"real":"NaN","list":[{"@double":"-Infinity"},{"@obj":{"@x":{"@double":"Infinity"}}}],"one":1.0}',
    );
  });

  it("works in documents whose own keys begin with @", () => {
    expect(restored('{"@obj":{"@x":"NaN"}}', '{"@object":{"@x":{"@double":"NaN"}}}')).toBe(
      '{"@obj":{"@x":{"@double":"NaN"}}}',
    );
    expect(restored('{"@obj":{"@double":"NaN"}}', '{"@object":{"@double":"NaN"}}')).toBe(
      '{"@obj":{"@double":"NaN"}}',
    );
  });

  it("leaves alone what v10 shows in its own way", () => {
    const lambda = '{"f":{"@query":{"api_version":"4","lambda":"x","expr":"NaN"}}}';
    expect(restored(lambda, '{"f":"[function <lambda>]"}')).toBe(lambda);
  });

  it.each(["{}", '{"a":[]}', '{"a":{"@double":"Infinity"}}', "null"])(
    "refuses to guess when v10 shows %s instead",
    (tagged) => {
      expect(() => restored('{"a":"NaN"}', tagged)).toThrow(
        expect.objectContaining({ code: "ERR_PROTOCOL", place: "/a" }),
      );
    },
  );
});
