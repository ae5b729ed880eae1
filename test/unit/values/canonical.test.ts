import { describe, expect, it } from "vitest";
import { canonicalText } from "../../../src/values/canonical.ts";

describe("canonical text", () => {
  it("is the very same string when nothing needs another spelling", () => {
    const text = '{"a":[1.0,"\\ud800\\u001f\\n\\"é😀"],"b":{}}';
    expect(canonicalText(text)).toBe(text);
  });

  it("respells white space and escapes, and nothing else", () => {
    expect(
      canonicalText('{ "b" : [ 1.0E10 , -0 ] ,\n"a":"\\/\\u0041\\u001F\\ud83d\\ude00 x","a":1}'),
    ).toBe('{"b":[1.0E10,-0],"a":"/A\\u001f😀 x","a":1}');
  });

  it("escapes half pairs that UTF-8 would destroy", () => {
    expect(canonicalText('"a\ud800"')).toBe('"a\\ud800"');
  });
});
