/** Documents that the target refused are sent again, until none is left. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault, FaultRequest } from "../../src/emulator/emulator.ts";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { planReplay, type RefusedOptions, replayRefused } from "../../src/import/replay.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
let fault: ((request: FaultRequest) => Fault | undefined) | undefined;

beforeAll(async () => {
  bench = await Bench.start({ faults: (request) => fault?.(request) });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const toGone = (id: string) =>
  `{"n":9007199254740993,"to":{"@ref":{"id":"${id}","collection":{"@ref":{"id":"Gone","collection":{"@ref":{"id":"collections"}}}}}}}`;

/** An import of 40 documents of which the target refuses three, for they refer to a collection that is no more. */
async function imported() {
  const source = await bench.emptyDatabase();
  for (const name of ["C", "Gone"])
    await source.v4(`{"do":[{"create_collection":{"object":{"name":"${name}"}}},null]}`);
  for (let id = 1; id <= 37; id++) await insert(source, "C", String(id), `{"n":${id}}`);
  for (const id of ["7000", "23000", "41000"]) await insert(source, "C", id, toGone(id));
  await source.v4('{"do":[{"delete":{"collection":"Gone"}},null]}');
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  const target = await bench.emptyDatabase();
  const folder = await temporaryFolder();
  const file = join(folder, "refused.ndjson");
  const report = await importArchive({ source: archive, target, deadLetterFile: file });
  expect(report).toMatchObject({ documents: { refused: 3 }, deadLetterFile: file });
  return { source, archive, target, folder, file };
}

const mend = (target: Connection) =>
  target.v4('{"do":[{"create_collection":{"object":{"name":"Gone"}}},null]}');
const unmend = (target: Connection) => target.v4('{"do":[{"delete":{"collection":"Gone"}},null]}');

describe("a replay", () => {
  it("writes refused documents as they were, when what was in their way is mended", async () => {
    const { source, archive, target, folder, file } = await imported();
    await mend(target);
    const planned = await planReplay({ file, target });
    expect(planned.steps.map(({ title }) => title)).toEqual(["write 3 documents", "compare again"]);
    const report = await replayRefused({ file, target });
    expect(report.documents).toMatchObject({ read: 3, written: 3, refused: 0, skipped: 0 });
    expect(report.deadLetterFile).toBeNull();
    await unmend(target);
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
    expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
    expect(await readdir(folder)).toEqual(["refused.ndjson"]);
  });

  it("can be repeated, and changes nothing then", async () => {
    const { target, file } = await imported();
    await mend(target);
    await replayRefused({ file, target });
    const before = await bench.read(target);
    const again = await replayRefused({ file, target });
    expect(again.documents).toMatchObject({
      read: 3,
      written: 0,
      there: 3,
      skipped: 3,
      refused: 0,
    });
    expect(differences(before, await bench.read(target))).toEqual([]);
  });

  it("puts what is refused again into a new file, and leaves the old one alone", async () => {
    const { target, file } = await imported();
    const old = await readFile(file, "utf8");
    const first = await replayRefused({ file, target });
    expect(first).toMatchObject({ documents: { refused: 3 }, deadLetterFile: `${file}.2` });
    const second = await replayRefused({ file: `${file}.2`, target });
    expect(second.deadLetterFile).toBe(`${file}.3`);
    const sorted = (text: string) => text.split("\n").toSorted();
    expect(await readFile(file, "utf8")).toBe(old);
    expect(sorted(await readFile(`${file}.3`, "utf8"))).toEqual(sorted(old));
  });

  it("sends what was mended in the file", async () => {
    const { target, file } = await imported();
    const text = await readFile(file, "utf8");
    const mended = text.replaceAll(/"to":\{"@ref":\{"id":"(\d+)".*?\}\}\}\}\}\}/g, '"to":"$1"');
    expect(mended).not.toContain('Gone","collection');
    await writeFile(file, mended);
    const report = await replayRefused({ file, target });
    expect(report.documents).toMatchObject({ written: 3, refused: 0 });
    const { text: answer } = await target.v4(
      '{"select":"data","from":{"get":{"ref":{"collection":"C"},"id":"23000"}}}',
    );
    expect(answer).toContain('{"n":9007199254740993,"to":"23000"}');
  });

  it("restores references into deleted collections when asked", async () => {
    const { archive, target, file } = await imported();
    const report = await replayRefused({ file, target, restoreDeletedRefs: true });
    expect(report.documents).toMatchObject({ written: 3, refused: 0 });
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });

  it("writes nothing over documents that others have put there meanwhile, unless asked", async () => {
    const { target, file } = await imported();
    await mend(target);
    await insert(target, "C", "7000", '{"mine":true}');
    const before = await bench.read(target);
    await expect(replayRefused({ file, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("C 7000") as string,
    });
    expect(differences(before, await bench.read(target))).toEqual([]);
    const report = await replayRefused({ file, target, onConflict: "skip" });
    expect(report.documents).toMatchObject({ read: 3, written: 2, skipped: 1 });
  });

  it("asks for the documents of the file, and not for those between them", async () => {
    const { target, file } = await imported();
    await mend(target);
    const asked: string[] = [];
    fault = ({ body }) => void asked.push(body);
    await replayRefused({ file, target });
    fault = undefined;
    expect(asked.filter((body) => body.includes('"documents"'))).toHaveLength(3);
    expect(asked.length).toBeLessThan(50);
  });
});

describe("a file of refused documents is refused, with the line, before anything is sent", () => {
  const letter = (more: string) => `{"collection":"C","record":{"id":"1","ts":1,"data":{}}${more}}`;

  it.each<[string, string, number, RegExp]>([
    ["no JSON", `${letter("")}\n{"collection":\n`, 2, /JSON/],
    ["another member", `\n\n${letter(',"x":1')}\n`, 3, /no member x/],
    ["no record", '{"collection":"C"}\n', 1, /needs a collection and a record/],
    [
      "a record with a number that is no ts",
      `{"collection":"C","record":{"id":"1","ts":1.5}}`,
      1,
      /microseconds/,
    ],
    [
      "a version of a history",
      '{"collection":"C","record":{"id":"1","ts":1,"action":"delete"}}',
      1,
      /version/,
    ],
    [
      "a document twice",
      `${letter("")}\n${letter("")}\n`,
      2,
      /C 1 is there twice, first in line 1/,
    ],
    [
      "documents of two databases",
      `${letter(',"database":"ya"')}\n${letter(',"database":"yb"').replace('"1"', '"2"')}\n`,
      2,
      /another database/,
    ],
  ])("for %s", async (_, text, line, message) => {
    const target = await bench.emptyDatabase();
    const file = join(await temporaryFolder(), "refused.ndjson");
    await writeFile(file, text);
    await expect(replayRefused({ file, target })).rejects.toMatchObject({
      code: "ERR_RECORD",
      message,
      place: `${file}:${line}`,
    });
  });

  it("when it is another database's", async () => {
    const { file } = await imported();
    const target = await bench.emptyDatabase();
    await expect(replayRefused({ file, target })).rejects.toMatchObject({
      code: "ERR_USAGE",
      message: expect.stringContaining("another database") as string,
    });
  });

  it("when the target has no such collection", async () => {
    const target = await bench.emptyDatabase();
    const file = join(await temporaryFolder(), "refused.ndjson");
    await writeFile(file, letter(""));
    await expect(replayRefused({ file, target })).rejects.toMatchObject({
      code: "ERR_SCHEMA",
      message: expect.stringContaining("collection C") as string,
    });
  });

  it("when it is not there", async () => {
    const options: RefusedOptions = {
      file: join(await temporaryFolder(), "none.ndjson"),
      target: await bench.emptyDatabase(),
    };
    await expect(replayRefused(options)).rejects.toMatchObject({ code: "ERR_FILE_ACCESS" });
  });
});

it("refused documents of child databases go to a file each, however the databases are called", async () => {
  const source = await bench.emptyDatabase();
  const { createDatabase } = await import("../../src/import/import.ts");
  const names = ["kid", "Kid", "a..b", "x".repeat(200)];
  for (const name of names) {
    const child = await createDatabase(source, name);
    for (const each of ["C", "Gone"])
      await child.v4(`{"do":[{"create_collection":{"object":{"name":"${each}"}}},null]}`);
    await insert(child, "C", "1", toGone("1"));
    await child.v4('{"do":[{"delete":{"collection":"Gone"}},null]}');
  }
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive, recursive: true });
  const folder = await temporaryFolder();
  const target = await bench.emptyDatabase();
  const report = await importArchive({
    source: archive,
    target,
    deadLetterFile: join(folder, "refused.ndjson"),
  });
  expect(report.documents.refused).toBe(names.length);
  const files = await readdir(folder);
  expect(files).toHaveLength(names.length);
  expect(files).toContain("refused.kid.ndjson");
  expect(report.deadLetterFiles.map((file) => file.slice(folder.length + 1)).toSorted()).toEqual(
    files.toSorted(),
  );
});

describe("a server that fails", () => {
  const failing =
    (what: (body: string) => boolean) =>
    ({ body }: FaultRequest): Fault | undefined =>
      body.includes('"insert":{"ref"') && what(body) ? { status: 500 } : undefined;

  async function sample() {
    const source = await bench.emptyDatabase();
    await source.v4('{"do":[{"create_collection":{"object":{"name":"C"}}},null]}');
    for (let id = 1; id <= 60; id++) await insert(source, "C", String(id), `{"n":${id}}`);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive });
    const deadLetterFile = join(await temporaryFolder(), "refused.ndjson");
    return { source: archive, target: await bench.emptyDatabase(), deadLetterFile };
  }

  it("on everything, for good, ends the import, which goes on later and refuses nothing", async () => {
    const options = await sample();
    fault = failing(() => true);
    await expect(importArchive(options)).rejects.toMatchObject({ code: "ERR_TRY_AGAIN" });
    fault = undefined;
    const report = await importArchive({ ...options, continue: true });
    expect(report.documents).toMatchObject({ read: 60, refused: 0 });
    expect((await verifyArchive({ archive: options.source, against: options.target })).equal).toBe(
      true,
    );
  });

  it("on some documents refuses those, and writes the others", async () => {
    const options = await sample();
    fault = failing((body) => body.includes('"n":7}') || body.includes('"n":8}'));
    const report = await importArchive(options);
    fault = undefined;
    expect(report.documents).toMatchObject({ written: 58, refused: 2 });
    const replayed = await replayRefused({ file: options.deadLetterFile, target: options.target });
    expect(replayed.documents).toMatchObject({ written: 2, refused: 0 });
  });
});
