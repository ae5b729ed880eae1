import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isJsonObject, type Json, parseJson, printJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { cutPage } from "../../../src/values/page.ts";
import { parseSimpleDocument } from "../../../src/values/simple-document.ts";
import { parseTaggedDocument, printTaggedDocument } from "../../../src/values/tagged-document.ts";

const real = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../fixtures/real/third-party", name), "utf8");

function member(json: Json, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}

function taggedPage(answer: Json): string[] {
  const items = member(member(answer, "@set") ?? null, "data");
  return Array.isArray(items) ? items.map(printJson) : [];
}

describe("real answers", () => {
  it.each(["Customer", "Order"])("of both protocols about %s give the same records", (name) => {
    const v4 = cutPage(real(`v4-wire-${name}.json`)).items;
    const answer = parseJson(real(`eval-json-tagged-${name}.json`));
    const lines = taggedPage(answer);
    expect(v4.length).toBeGreaterThan(0);
    expect(lines.length).toBe(v4.length);
    expect(lines.map((line) => parseTaggedDocument(line))).toEqual(v4);
    expect(v4.map((document) => `{"@doc":${printTaggedDocument(document)}}`)).toEqual(lines);
  });

  it("in the simple format differ from v4's, and every difference is counted", () => {
    const v4 = cutPage(real("v4-wire-Customer.json")).items;
    const answer = parseJson(real("eval-json-simple-Customer.json"));
    const lost = new LossCount();
    const items = member(answer, "data");
    const simple = (Array.isArray(items) ? items : []).map((item) =>
      parseSimpleDocument(printJson(item), lost.onLoss),
    );
    expect(simple.map(({ record }) => record.id)).toEqual(v4.map(({ record }) => record.id));
    expect(lost.counts).toEqual(
      new Map([
        ["maybe-date", simple.length],
        ["maybe-bytes", simple.length],
        ["maybe-time", simple.length],
      ]),
    );
  });
});
