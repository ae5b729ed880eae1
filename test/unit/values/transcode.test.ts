import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cutDocument } from "../../../src/values/document.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { cutTextPage } from "../../../src/values/page.ts";
import {
  documentsToRecords,
  recordsToTagged,
  simpleToDocuments,
  taggedToDocuments,
} from "../../../src/values/transcode.ts";

const real = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../fixtures/real/third-party", name), "utf8");

async function listOf(source: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("streams of lines", () => {
  it("go from records to tagged lines and back", async () => {
    const lines = cutTextPage(real("v4-wire-Order.json")).items.map((text) => cutDocument(text));
    const records = await listOf(documentsToRecords(lines));
    const tagged = await listOf(recordsToTagged("Order", records));
    expect(await listOf(documentsToRecords(taggedToDocuments(tagged)))).toEqual(records);
  });

  it("name the file and line where one is malformed", async () => {
    await expect(
      listOf(documentsToRecords(taggedToDocuments(["", "{"], { place: "C.jsonl" }))),
    ).rejects.toThrow(expect.objectContaining({ code: "ERR_RECORD", place: "C.jsonl:2" }));
  });

  it("say on which line something was lost", async () => {
    const lost = new LossCount();
    const line = '{"id":"1","coll":"C","ts":"2020-01-01T00:00:00Z","when":"2020-01-01"}';
    await listOf(documentsToRecords(simpleToDocuments([line], { onLoss: lost.onLoss })));
    expect(lost.example("maybe-date")).toBe("1#/when");
  });
});
