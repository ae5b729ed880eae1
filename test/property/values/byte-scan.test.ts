import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { skipValueBytes, UNSURE } from "../../../src/values/byte-scan.ts";
import { canonicalSpan } from "../../../src/values/canonical.ts";
import { printJson } from "../../../src/values/json.ts";
import { skipValue } from "../../../src/values/scan.ts";
import { anyJson, respelled } from "../../support/values.ts";

/** What the scanner of text says: the bytes of the value at the beginning when it is one and canonical. */
function byText(text: string): number {
  try {
    const end = skipValue(text, 0);
    const value = text.slice(0, end);
    return canonicalSpan(text, 0, end) === value ? Buffer.byteLength(value) : UNSURE;
  } catch {
    return UNSURE;
  }
}

const DAMAGE = Array.from('{}[],:"\\ \n-.eu01tn');

describe("the scanner of bytes", () => {
  it("ends a canonical value where the scanner of text ends it", () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom("", ",", "}", '"', "7"), (json, after) => {
        const value = printJson(json);
        // Digits behind a number belong to it.
        fc.pre(after !== "7" || !/[0-9]$/.test(value));
        const end = skipValueBytes(Buffer.from(value + after), 0);
        const isEscaped = /(?<!\\)(?:\\\\)*\\u/.test(value);
        expect(end).toBe(isEscaped ? UNSURE : Buffer.byteLength(value));
      }),
      { numRuns: 1000 },
    );
  });

  it("is unsure of every other spelling, and of what is not JSON", () => {
    const anyChoices = fc.array(fc.nat(), { minLength: 1 });
    const anyDamage = fc.option(fc.tuple(fc.nat(), fc.constantFrom(...DAMAGE)));
    fc.assert(
      fc.property(anyJson, anyChoices, anyDamage, (json, choices, damage) => {
        let i = 0;
        let text = respelled(json, () => choices[i++ % choices.length] ?? 0).trimStart();
        if (damage !== null && text.length > 0) {
          const at = damage[0] % text.length;
          text = text.slice(0, at) + damage[1] + text.slice(at + 1);
        }
        const end = skipValueBytes(Buffer.from(text), 0);
        if (end !== UNSURE) expect(end).toBe(byText(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a value nested deeper than is followed", () => {
  it("is for the scanner of text", () => {
    const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    expect(skipValueBytes(nested(200), 0)).toBe(400);
    expect(skipValueBytes(nested(1000), 0)).toBe(UNSURE);
  });
});
