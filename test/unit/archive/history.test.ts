import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  checkArchive,
  createArchive,
  type Manifest,
  openArchive,
  type Unlock,
} from "../../../src/archive/archive.ts";
import { MemoryStore, readWhole, type Store, writeWhole } from "../../../src/store/store.ts";
import { type DocumentRecord, parseRecord, printRecord } from "../../../src/values/record.ts";
import { TEST_IDENTITY, TEST_RECIPIENT } from "../../support/age.ts";
import { contents, options, SNAPSHOT_TS } from "../../support/archives.ts";
import { collect, each } from "../../support/generators.ts";
import { plainRecords } from "../../support/records.ts";

/** Three lines of each of `documents`: it was made, changed and deleted. */
function lives(documents: number): DocumentRecord[] {
  return Array.from({ length: documents }, (_, i) => String(i + 1)).flatMap((id) => [
    { id, ts: 10n, action: "create", dataText: '{"v":1}' } as const,
    { id, ts: 20n, action: "update", dataText: '{"v":2}' } as const,
    { id, ts: 30n, action: "delete" } as const,
  ]);
}

const LIMITS = { segmentBytes: 1500, frameBytes: 200 };

async function write(
  store: Store,
  history: readonly DocumentRecord[],
  more: Parameters<typeof options>[0] = {},
): Promise<Manifest> {
  const writer = await createArchive(store, options({ ...LIMITS, ...more }));
  const docs = writer.database().collection("docs", { historyDays: 30 });
  await docs.write(each([plainRecords(20, 100)]));
  await docs.history().write(each([history]));
  docs.history().end(5n);
  writer.database().collection("others");
  return await writer.finish();
}

async function read(store: Store, unlock?: Unlock): Promise<string[]> {
  const archive = await openArchive(store, unlock);
  const frames = await collect(archive.history(archive.collection("docs")));
  return frames.flatMap(({ records }) => records).map(printRecord);
}

/** A manifest that was changed and signed anew. */
async function forge(store: Store, change: (manifest: Manifest) => void): Promise<void> {
  const manifest: Manifest = JSON.parse((await readWhole(store, "manifest.json")).toString());
  change(manifest);
  const text = JSON.stringify(manifest);
  const digest = createHash("sha256").update(text).digest("hex");
  await writeWhole(store, "manifest.json", text);
  await writeWhole(store, "manifest.json.sha256", `${digest}  manifest.json\n`);
}

const historyOf = ({ databases }: Manifest) => databases[0]!.collections[0]!.history!;

describe("an archive with history", () => {
  it("gives back every version and deletion in order, beside its documents", async () => {
    const store = new MemoryStore();
    const manifest = await write(store, lives(40));
    expect(await read(store)).toEqual(lives(40).map(printRecord));
    expect(manifest.features).toEqual(["history"]);
    expect(manifest.totals).toMatchObject({ documents: 20, history: { versions: 120 } });
    expect(historyOf(manifest)).toMatchObject({ from: "5", versions: 120 });
    const archive = await openArchive(store);
    const documents = await collect(archive.records(archive.collection("docs")));
    expect(documents.flatMap(({ records }) => records)).toEqual(plainRecords(20, 100));
    expect(await collect(archive.history(archive.collection("others")))).toEqual([]);
  });

  it("cuts segments between documents only, and frames anywhere", async () => {
    const store = new MemoryStore();
    const long = Array.from({ length: 100 }, (_, i) => {
      const action = i === 0 ? "create" : "update";
      return { id: "7", ts: BigInt(i), action, dataText: '{"of":"one document"}' } as const;
    });
    const after = { id: "8", ts: 1n, action: "delete" } as const;
    const manifest = await write(store, [...long, after]);
    const { segments } = historyOf(manifest);
    expect(segments.map(({ firstId, lastId }) => [firstId, lastId])).toEqual([
      ["7", "7"],
      ["8", "8"],
    ]);
    expect(segments[0]!.frames.length).toBeGreaterThan(10);
    expect(await read(store)).toHaveLength(101);
    expect((await checkArchive(store)).problems).toEqual([]);
  });

  it("passes its check, which counts what it read", async () => {
    const store = new MemoryStore();
    await write(store, lives(40));
    const report = await checkArchive(store);
    expect(report).toMatchObject({ problems: [], notes: [], documents: 20, versions: 120 });
  });

  it("is sealed, and hidden, like everything else", async () => {
    for (const encryptManifest of [false, true]) {
      const store = new MemoryStore();
      await write(store, lives(40), {
        encryption: { recipients: [TEST_RECIPIENT], encryptManifest },
      });
      const names = [...(await contents(store)).keys()];
      expect(names.some((name) => name.includes("history"))).toBe(!encryptManifest);
      expect(await read(store, { identities: [TEST_IDENTITY] })).toHaveLength(120);
      const report = await checkArchive(store, { unlock: { identities: [TEST_IDENTITY] } });
      expect(report).toMatchObject({ problems: [], notes: [], versions: 120 });
    }
  });

  it("is refused by those who do not know the feature", async () => {
    const store = new MemoryStore();
    await write(store, lives(4));
    await forge(store, (manifest) => manifest.features.push("sparkle"));
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_VERSION" });
  });

  it("finds a flipped byte in every file of the history", async () => {
    const store = new MemoryStore();
    const manifest = await write(store, lives(40));
    for (const { file } of historyOf(manifest).segments) {
      const bytes = await readWhole(store, file);
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1]! ^= 1;
      await writeWhole(store, file, flipped);
      const { problems } = await checkArchive(store);
      expect(new Set(problems.map((problem) => problem.file))).toEqual(new Set([file]));
      await writeWhole(store, file, bytes);
    }
    expect(historyOf(manifest).segments.length).toBeGreaterThan(2);
  });

  it("misses a file that is not there", async () => {
    const store = new MemoryStore();
    const { file } = historyOf(await write(store, lives(4))).segments[0]!;
    await store.remove(file);
    const { problems } = await checkArchive(store);
    expect(problems).toEqual([expect.objectContaining({ file })]);
  });

  it.each([
    ["a feature without history", (m: Manifest) => delete m.databases[0]!.collections[0]!.history],
    ["history without the feature", (m: Manifest) => (m.features = [])],
    ["no totals", (m: Manifest) => delete m.totals.history],
    ["other totals", (m: Manifest) => (m.totals.history!.versions = 7)],
    ["another number of versions", (m: Manifest) => (historyOf(m).versions = 7)],
    ["a beginning after its end", (m: Manifest) => (historyOf(m).from = String(SNAPSHOT_TS + 1n))],
    ["the folder of its documents", (m: Manifest) => (historyOf(m).folder = "data/docs/")],
    ["a folder elsewhere", (m: Manifest) => (historyOf(m).folder = "data/others/history/")],
    [
      "segments out of order",
      (m: Manifest) => {
        historyOf(m).segments = historyOf(m).segments.toReversed();
      },
    ],
    [
      "a version after the snapshot",
      (m: Manifest) => (historyOf(m).segments[0]!.maxTs = String(SNAPSHOT_TS + 1n)),
    ],
    [
      "another fingerprint",
      (m: Manifest) => (historyOf(m).fingerprint = m.databases[0]!.collections[1]!.fingerprint),
    ],
  ])("does not trust a manifest with %s", async (_, change) => {
    const store = new MemoryStore();
    await write(store, lives(40));
    await forge(store, change);
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_CORRUPT" });
  });

  it.each([
    ["that does not ascend by time", 1, '{"id":"1","ts":9,"action":"update","data":{"v":2}}'],
    ["twice", 1, '{"id":"1","ts":10,"action":"create","data":{"v":2}}'],
    ["without an action", 1, '{"id":"1","ts":20,"data":{"v":2}}'],
  ])("finds a record %s", async (_, line, text) => {
    const store = new MemoryStore();
    const manifest = await write(store, lives(3), { compression: "none" });
    const [segment] = historyOf(manifest).segments;
    const lines = (await readWhole(store, segment!.file)).toString().split("\n");
    lines[line] = text;
    await writeWhole(store, segment!.file, lines.join("\n"));
    const { problems } = await checkArchive(store);
    expect(problems.some((problem) => problem.line === line + 1)).toBe(true);
  });

  it("takes a version and its deletion of one time, the deletion second", async () => {
    const pair = [
      '{"id":"1","ts":10,"action":"create","data":{}}',
      '{"id":"1","ts":10,"action":"delete"}',
    ].map((line) => parseRecord(line));
    const store = new MemoryStore();
    await write(store, pair);
    expect(await read(store)).toHaveLength(2);
    await expect(write(new MemoryStore(), pair.toReversed())).rejects.toThrow("ascending");
  });
});

describe("an archive without history", () => {
  it("has no trace of it, and no record with an action", async () => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options());
    const docs = writer.database().collection("docs");
    await docs.write(each([plainRecords(3, 1)]));
    const manifest = await writer.finish();
    expect(JSON.stringify(manifest)).not.toContain('"history"');
    const action = { id: "9", ts: 1n, action: "create", dataText: "{}" } as const;
    const other = (await createArchive(new MemoryStore(), options())).database();
    await expect(other.collection("docs").write(each([[action]]))).rejects.toThrow("history");
  });
});
