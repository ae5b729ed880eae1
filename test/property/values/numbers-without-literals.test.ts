import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdsNumberLikeString } from "../../../src/values/detect.ts";
import { isJsonObject, type Json, parseJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { restoreDoubles } from "../../../src/values/restore-doubles.ts";
import { v4ToTagged } from "../../../src/values/v4-to-tagged.ts";
import { parseV4, printV4 } from "../../../src/values/v4.ts";
import type { Value } from "../../../src/values/value.ts";
import { printWriteExpression } from "../../../src/values/write-expression.ts";
import { anyValue, dataOf } from "../../support/values.ts";

/** Data in which NaN and the infinities are frequent. */
const anyData = dataOf(
  fc.oneof(
    anyValue,
    fc.constantFrom<Value>(NaN, Infinity, -Infinity, "NaN", [NaN, "NaN", [Infinity]]),
  ),
);

describe("NaN and the infinities", () => {
  it("are all put back into what v4 printed, and strings of their names stay strings", () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const truth = printV4(data);
        const shown = v4ToTagged(parseJson(truth), new LossCount().onLoss);
        expect(restoreDoubles(printV4(asV4Prints(data)), shown)).toBe(truth);
      }),
      { numRuns: 500 },
    );
  });

  it("make v4's answer one that is looked at again", () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const differs = printV4(asV4Prints(data)) !== printV4(data);
        expect(!differs || holdsNumberLikeString(printV4(asV4Prints(data)))).toBe(true);
      }),
    );
  });

  it("are written by an expression whose value is the data", () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const expression = parseJson(printWriteExpression(printV4(data)));
        expect(evaluate(expression)).toStrictEqual(data);
      }),
      { numRuns: 500 },
    );
  });
});

/** The value that v4's answer seems to hold: doubles without a literal have become strings (live 11). */
function asV4Prints(value: Value): Value {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(asV4Prints);
  return value instanceof Map ? objectAsV4Prints(value) : value;
}

function objectAsV4Prints(object: Map<string, Value>): Map<string, Value> {
  return new Map([...object].map(([key, value]) => [key, asV4Prints(value)]));
}

const TO_DOUBLE = new Map([
  ["NaN", NaN],
  ["∞", Infinity],
  ["-∞", -Infinity],
]);

/** The few forms of FQL v4 that write expressions are made of, as the server evaluates them (live 10, 12, 16). */
function evaluate(expression: Json): Value {
  if (Array.isArray(expression)) return expression.map(evaluate);
  if (!isJsonObject(expression)) return parseV4(expression);
  const [[form, body] = ["", null]] = expression;
  switch (form) {
    case "quote":
      return parseV4(body);
    case "to_double":
      return typeof body === "string" ? (TO_DOUBLE.get(body) ?? null) : null;
    case "object":
      return isJsonObject(body)
        ? new Map([...body].map(([key, value]) => [plain(key), evaluate(value)]))
        : null;
    case "to_object":
      return Array.isArray(body) ? new Map(body.map(pair)) : null;
    default:
      throw new Error(`no such form: ${form}`);
  }
}

function plain(key: string): string {
  if (key.startsWith("@")) throw new Error(`${key} is taken for a tag in {"object":…}`);
  return key;
}

function pair(json: Json): [string, Value] {
  const [key = null, value = null] = Array.isArray(json) ? json : [];
  if (typeof key !== "string") throw new Error("not a pair");
  return [key, evaluate(value)];
}
