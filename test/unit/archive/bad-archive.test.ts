import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkArchive, type Manifest, openArchive } from "../../../src/archive/archive.ts";
import { MemoryStore, readWhole, type Store, writeWhole } from "../../../src/store/store.ts";
import { writeRecords, writeSample } from "../../support/archives.ts";
import { collect } from "../../support/generators.ts";
import { nastyRecords, plainRecords } from "../../support/records.ts";

/** Replaces text in the manifest and signs it anew, as somebody who means harm would. */
async function forge(store: Store, change: (text: string) => string): Promise<void> {
  const before = (await readWhole(store, "manifest.json")).toString();
  const text = change(before);
  expect(text).not.toBe(before);
  const digest = createHash("sha256").update(text).digest("hex");
  await writeWhole(store, "manifest.json", text);
  await writeWhole(store, "manifest.json.sha256", `${digest}  manifest.json\n`);
}

async function forged(change: (text: string) => string): Promise<Store> {
  const store = new MemoryStore();
  await writeSample(store);
  await forge(store, change);
  return store;
}

/** An archive of one segment whose bytes are replaced, sizes and checksum made to fit. */
async function withSegment(
  bytes: Buffer,
  change: (entry: Segment) => Partial<Segment> = () => ({}),
) {
  const store = new MemoryStore();
  await writeRecords(store, [nastyRecords()]);
  await forge(store, (text) => {
    const manifest: Manifest = JSON.parse(text);
    const collection = manifest.databases[0]!.collections[0]!;
    const entry = collection.segments[0]!;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    Object.assign(entry, { storedBytes: bytes.length, sha256 }, change(entry));
    collection.storedBytes = manifest.totals.storedBytes = entry.storedBytes;
    collection.plainBytes = manifest.totals.plainBytes = entry.plainBytes;
    return JSON.stringify(manifest);
  });
  const archive = await openArchive(store);
  const file = archive.collection("docs").segments[0]!.file;
  await writeWhole(store, file, bytes);
  return { store, archive, file };
}
type Segment = Manifest["databases"][number]["collections"][number]["segments"][number];

const lines = () => writeLines().then((text) => text.split("\n").slice(0, -1));
async function writeLines(): Promise<string> {
  const store = new MemoryStore();
  const manifest = await writeRecords(store, [nastyRecords()], { compression: "none" });
  return (
    await readWhole(store, manifest.databases[0]!.collections[0]!.segments[0]!.file)
  ).toString();
}

describe("a manifest", () => {
  it("of a newer format version is refused as such", async () => {
    const store = await forged((text) => text.replace('"version": 1', '"version": 2'));
    const refused = { code: "ERR_ARCHIVE_VERSION", message: expect.stringContaining("version 2") };
    await expect(openArchive(store)).rejects.toMatchObject(refused);
    await expect(checkArchive(store)).rejects.toMatchObject(refused);
  });

  it("of a newer format version without a digest file is refused as such", async () => {
    const store = await forged((text) => text.replace('"version": 1', '"version": 2'));
    await store.remove("manifest.json.sha256");
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_VERSION" });
  });

  it("that needs an unknown feature is refused as such", async () => {
    const store = await forged((text) => text.replace('"features": []', '"features": ["sparkle"]'));
    await expect(openArchive(store)).rejects.toMatchObject({
      code: "ERR_ARCHIVE_VERSION",
      message: expect.stringContaining("sparkle"),
    });
  });

  it.each([
    ["../../outside.ndjson.gz"],
    ["/etc/passwd"],
    ["data/../../x.ndjson.gz"],
    ["data\\\\..\\\\x"],
    ["data/nasty/\\u0000.ndjson.gz"],
  ])("that names the file %j is unsafe", async (name) => {
    const store = await forged((text) =>
      text.replace(/"file": "data\/[^"]*"/, () => `"file": "${name}"`),
    );
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_UNSAFE" });
    expect((await checkArchive(store)).problems).toMatchObject([
      { code: "ERR_ARCHIVE_UNSAFE", file: "manifest.json" },
    ]);
  });

  it.each<[string, (text: string) => string]>([
    ["is not JSON", (text) => text.slice(0, 100)],
    ["is of another format", (text) => text.replace('"fauna-ark"', '"something"')],
    ["has an unknown member", (text) => text.replace('"kind"', '"surprise": 1, "kind"')],
    ["lacks a member", (text) => text.replace(/"created": "[^"]*",/, "")],
    ["has a sum that is wrong", (text) => text.replace('"documents": 106', '"documents": 107')],
    ["has a time that is not its ts", (text) => text.replace("2026-11-21", "2026-11-22")],
    [
      "has a fingerprint that is no sum",
      (text) => text.replace(/"exact": "(.)/, (_, c) => `"exact": "${c === "0" ? "1" : "0"}`),
    ],
    [
      "names a file twice",
      (text) => text.replace("schema/fsl/main.fsl", "schema/collections.ndjson"),
    ],
    ["has a segment outside its folder", (text) => text.replaceAll("data/nasty/0", "data/empty/0")],
    [
      "has a count that is no count",
      (text) => text.replace('"collections": 3', '"collections": -3'),
    ],
  ])("that %s is corrupt", async (_, change) => {
    const store = await forged(change);
    await expect(openArchive(store)).rejects.toMatchObject({
      code: "ERR_ARCHIVE_CORRUPT",
      place: "memory:/manifest.json",
      hint: expect.any(String),
    });
    expect((await checkArchive(store)).problems).toHaveLength(1);
  });

  it("without its digest is corrupt, and so is one with another's", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    await writeWhole(store, "manifest.json.sha256", `${"0".repeat(64)}  manifest.json\n`);
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_CORRUPT" });
    await store.remove("manifest.json.sha256");
    await expect(openArchive(store)).rejects.toMatchObject({
      code: "ERR_ARCHIVE_CORRUPT",
      message: "manifest.json.sha256 is missing",
    });
  });
});

const problemsOf = async ({ store }: { store: Store }) =>
  (await checkArchive(store)).problems.map((problem) => `${problem.line ?? ""}:${problem.message}`);

describe("a segment that its manifest is made to fit", () => {
  it("and that unpacks to more than is said is not unpacked further", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const bad = await withSegment(bomb, (entry) => ({ frames: [entry.frames[0]!] }));
    expect(await problemsOf(bad)).toEqual([
      expect.stringContaining("frame 1 cannot be decompressed"),
    ]);
  });

  it("and that claims a frame larger than memory should hold is not unpacked", async () => {
    const bytes = gzipSync(Buffer.from("x"));
    const bad = await withSegment(bytes, () => ({ plainBytes: 2 ** 40 }));
    expect(await problemsOf(bad)).toEqual([":frame 1 is too large to be read"]);
  });

  it("and that is not ascending is found, with the line", async () => {
    const [a, b, ...rest] = await lines();
    const bytes = gzipSync([b, a, ...rest].map((line) => `${line}\n`).join(""));
    expect(await problemsOf(await withSegment(bytes))).toEqual([
      expect.stringContaining("frame 1 begins with 1, not with 0"),
      "2:0 follows 1",
    ]);
  });

  it("and that holds a document twice is found", async () => {
    const [a, b, ...rest] = await lines();
    const text = [a, b, b, ...rest].map((line) => `${line}\n`).join("");
    const bad = await withSegment(gzipSync(text), () => ({ plainBytes: Buffer.byteLength(text) }));
    expect(await problemsOf(bad)).toEqual([
      ":frame 1 has 17 lines, the manifest says 16",
      "3:1 follows 1",
      ":the records' fingerprint is not the one in the manifest",
    ]);
  });

  it("and that has a changed value is found by its fingerprint", async () => {
    const text = (await writeLines()).replace("empty key", "Empty key");
    expect(await problemsOf(await withSegment(gzipSync(text)))).toEqual([
      ":the records' fingerprint is not the one in the manifest",
    ]);
  });

  it("and that has a line that is no record is found, with the line", async () => {
    const text = (await writeLines()).replace('{"id":"9"', '{"ID":"9"');
    const bad = await withSegment(gzipSync(text));
    expect((await checkArchive(bad.store)).problems).toMatchObject([
      { code: "ERR_RECORD", file: bad.file, line: 3 },
    ]);
  });

  it("and that has bytes that are not UTF-8 is found", async () => {
    const bytes = Buffer.from(await writeLines());
    bytes[bytes.indexOf("empty")] = 0xff;
    const bad = await withSegment(gzipSync(bytes));
    expect((await checkArchive(bad.store)).problems).toMatchObject([
      { code: "ERR_RECORD", message: "bytes that are not UTF-8", file: bad.file },
    ]);
  });

  it("ends reading it with an error that says where", async () => {
    const text = (await writeLines()).replace('{"id":"9"', '{"ID":"9"');
    const { archive, file } = await withSegment(gzipSync(text));
    await expect(collect(archive.records(archive.collection("docs")))).rejects.toMatchObject({
      code: "ERR_RECORD",
      place: `memory:/${file}:3`,
    });
    await expect(archive.record(archive.collection("docs"), "1")).rejects.toMatchObject({
      code: "ERR_RECORD",
    });
  });
});

describe("a damaged archive", () => {
  it("is still read where it is whole: one bad frame does not take the others with it", async () => {
    const store = new MemoryStore();
    const manifest = await writeRecords(store, [plainRecords(100)], { frameBytes: 1000 });
    const entry = manifest.databases[0]!.collections[0]!.segments[0]!;
    const bytes = await readWhole(store, entry.file);
    bytes[entry.frames[1]!.offset + 20]! ^= 0xff;
    await writeWhole(store, entry.file, bytes);
    const { problems, documents } = await checkArchive(store);
    expect(documents).toBe(100 - entry.frames[1]!.records);
    expect(problems[0]).toMatchObject({ file: entry.file, offset: entry.frames[1]!.plainOffset });
    const archive = await openArchive(store);
    expect(await archive.record(archive.collection("docs"), "1000")).toEqual(plainRecords(1)[0]);
  });

  it("names at most twenty problems a file and counts the others", async () => {
    const store = new MemoryStore();
    const manifest = await writeRecords(store, [plainRecords(100)], { compression: "none" });
    const { file } = manifest.databases[0]!.collections[0]!.segments[0]!;
    const text = (await readWhole(store, file)).toString();
    await writeWhole(store, file, text.replaceAll('"id"', '"ID"'));
    const { problems } = await checkArchive(store);
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)?.message).toBe("and 81 more problems in this file");
  });
});
