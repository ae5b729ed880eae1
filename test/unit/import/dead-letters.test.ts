/** The file of refused documents. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { DeadLetters } from "../../../src/import/dead-letters.ts";
import { refusedSource } from "../../../src/import/refused-source.ts";
import { Bench } from "../../support/bench.ts";
import { temporaryFolder } from "../../support/folders.ts";

it("large documents that are refused at once stand in lines of their own", async () => {
  await using bench = await Bench.start();
  const { signal } = new AbortController();
  const file = join(await temporaryFolder(), "refused.ndjson");
  const letters = new DeadLetters(file, await bench.emptyDatabase(), signal);
  const error = new ArkError("ERR_DATABASE", "No.", { place: "here" });
  const texts = Array.from({ length: 8 }, (_, n) => `{"s":"${String(n).repeat(2_000_000)}"}`);
  await Promise.all(
    texts.map((dataText, n) =>
      letters.add([{ collection: "C", record: { id: String(n + 1), ts: 1n, dataText }, error }]),
    ),
  );
  await letters.close();
  const source = await refusedSource(file, signal);
  const found: string[] = [];
  for await (const records of source.records("C", signal))
    found.push(...records.map(({ dataText = "" }) => dataText));
  expect(found.toSorted()).toEqual(texts);
  expect((await readFile(file, "utf8")).split("\n")).toHaveLength(texts.length + 1);
});
