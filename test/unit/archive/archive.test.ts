import { gunzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  checkArchive,
  type CheckProgress,
  type Compression,
  createArchive,
  openArchive,
} from "../../../src/archive/archive.ts";
import { MemoryStore, readWhole, writeWhole } from "../../../src/store/store.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { printRecord } from "../../../src/values/record.ts";
import {
  contents,
  options,
  SAMPLE_DEFINITIONS,
  SAMPLE_FSL,
  SNAPSHOT_TS,
  writeRecords,
  writeSample,
} from "../../support/archives.ts";
import { collect, Counting, each } from "../../support/generators.ts";
import { NASTY_LINES, nastyRecords, plainRecords } from "../../support/records.ts";

const hasZstd = "createZstdCompress" in zlib;
const compressions: Compression[] = hasZstd ? ["none", "gzip", "zstd"] : ["none", "gzip"];

describe.each(compressions)("an archive with compression %s", (compression) => {
  it("gives back every record to the last character, in order", async () => {
    const store = new MemoryStore();
    await writeSample(store, { compression });
    const archive = await openArchive(store);
    const frames = await collect(archive.records(archive.collection("nasty")));
    expect(frames.flatMap((frame) => frame.records).map(printRecord)).toEqual(NASTY_LINES);
    const orders = await collect(archive.records(archive.collection("Order")));
    expect(orders.flatMap((frame) => frame.records)).toEqual([
      ...plainRecords(60, 1000),
      ...plainRecords(30, 5000),
    ]);
  });

  it("gives back every single record by its id, and none for an id that is not there", async () => {
    const store = new MemoryStore();
    await writeSample(store, { compression });
    const archive = await openArchive(store);
    for (const record of nastyRecords())
      expect(await archive.record(archive.collection("nasty"), record.id)).toEqual(record);
    for (const id of ["999", "1001", "5001", "9223372036854775807", "0"])
      expect(await archive.record(archive.collection("Order"), id)).toBeUndefined();
    expect(await archive.record(archive.collection("Empty"), "1")).toBeUndefined();
  });

  it("passes its own check", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store, { compression });
    const report = await checkArchive(store);
    expect(report).toMatchObject({ problems: [], notes: [], documents: manifest.totals.documents });
  });
});

describe("an archive", () => {
  it("says in its manifest what it holds", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store);
    expect((await openArchive(store)).manifest).toEqual(manifest);
    expect(manifest).toMatchObject({
      format: "fauna-ark",
      version: 1,
      kind: "full",
      snapshot: { ts: String(SNAPSHOT_TS), time: "2026-11-21T11:05:07.540123Z" },
      totals: { databases: 1, collections: 3, documents: 106, definitions: 3 },
    });
    const [database] = manifest.databases;
    expect(database?.collections.map(({ name, documents }) => [name, documents])).toEqual([
      ["Empty", 0],
      ["Order", 90],
      ["nasty", 16],
    ]);
    const order = database?.collections[1];
    expect(order?.segments.length).toBeGreaterThan(2);
    expect(
      Math.max(...(order?.segments.map((segment) => segment.frames.length) ?? [])),
    ).toBeGreaterThan(2);
  });

  it("keeps schema files and definitions as they were, under their own names", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const archive = await openArchive(store);
    expect(await archive.fsl()).toEqual(
      new Map([
        ["Main.fsl", "// not the same file\n"],
        ["main.fsl", SAMPLE_FSL],
      ]),
    );
    expect(await archive.fsl([], { staged: true })).toEqual(new Map([["main.fsl", "// staged\n"]]));
    expect(await collect(archive.definitions("collections"))).toEqual(SAMPLE_DEFINITIONS);
    expect(await collect(archive.definitions("indexes"))).toEqual([]);
  });

  it("can be read by zcat: a segment is one gzip stream of lines", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store);
    const [segment] = manifest.databases[0]?.collections[2]?.segments ?? [];
    const text = gunzipSync(await readWhole(store, segment?.file ?? "")).toString();
    expect(text).toBe(
      NASTY_LINES.slice(0, segment?.records)
        .map((line) => `${line}\n`)
        .join(""),
    );
  });

  it("has a frame that can be decompressed on its own at every offset of the index", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store);
    for (const segment of manifest.databases[0]?.collections[1]?.segments ?? []) {
      const bytes = await readWhole(store, segment.file);
      segment.frames.forEach((frame, i) => {
        const end = segment.frames[i + 1]?.offset ?? segment.storedBytes;
        const lines = gunzipSync(bytes.subarray(frame.offset, end))
          .toString()
          .trimEnd()
          .split("\n");
        expect(lines).toHaveLength(frame.records);
        expect(lines[0]).toContain(`"id":"${frame.firstId}"`);
      });
    }
  });

  it("stays within the plain bytes of a segment, one giant record excepted", async () => {
    const giant = { id: "5", ts: 1n, dataText: `{"x":"${"y".repeat(5000)}"}` };
    const records = [...plainRecords(3, 1), giant, ...plainRecords(40, 1000)].toSorted(
      (a, b) => Number(a.id) - Number(b.id),
    );
    const manifest = await writeRecords(new MemoryStore(), [records], {
      segmentBytes: 1000,
      frameBytes: 300,
    });
    const segments = manifest.databases[0]?.collections[0]?.segments ?? [];
    const large = segments.filter((segment) => segment.plainBytes > 1000);
    expect(large.map(({ firstId, records: count }) => [firstId, count])).toEqual([["5", 1]]);
  });

  it("has files whose digest `sha256sum -c` understands", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const archive = await openArchive(store);
    const text = (await readWhole(store, "manifest.json.sha256")).toString();
    expect(text).toBe(`${archive.digest}  manifest.json\n`);
  });

  it("holds fingerprints that are those of its records", async () => {
    const manifest = await writeSample(new MemoryStore());
    const own = new Fingerprint();
    for (const record of nastyRecords()) own.add("nasty", record);
    expect(manifest.databases[0]?.collections[2]?.fingerprint).toEqual(own.toJSON());
  });

  it("holds child databases below folders of their own", async () => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options());
    await writer
      .database()
      .collection("docs")
      .write(each([plainRecords(2)]));
    await writer
      .database(["Shop", "eu"])
      .collection("docs")
      .write(each([plainRecords(3)]));
    await writer.database(["shop"]).definitions("roles", SAMPLE_DEFINITIONS);
    const manifest = await writer.finish();
    expect(manifest.databases.map((database) => database.path)).toEqual([
      [],
      ["Shop"],
      ["Shop", "eu"],
      ["shop"],
    ]);
    const archive = await openArchive(store);
    expect(archive.collection("docs", ["Shop", "eu"]).documents).toBe(3);
    expect(archive.database(["shop"]).folder).toBe("databases/shop/");
    expect((await checkArchive(store)).problems).toEqual([]);
  });
});

describe("writing an archive", () => {
  it("leaves no journal behind when it is done", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("journal/")),
    ).toEqual([]);
  });

  it("notes each segment in the journal once it is durable, and has no manifest until the end", async () => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options({ segmentBytes: 1000 }));
    const seen: string[] = [];
    const onSegment = ({ file }: { file: string }) => void seen.push(file);
    await writer
      .database()
      .collection("docs")
      .write(each([plainRecords(50)]), { onSegment });
    const names = [...(await contents(store)).keys()];
    expect(seen.length).toBeGreaterThan(2);
    expect(names.filter((name) => name.startsWith("journal/data."))).toHaveLength(seen.length);
    expect(names).not.toContain("manifest.json");
    const opening = openArchive(store);
    await expect(opening).rejects.toMatchObject({
      code: "ERR_ARCHIVE_INCOMPLETE",
      message: expect.stringContaining(
        `${seen.length} segments with 50 documents of 1 collections were done`,
      ),
    });
  });

  it("refuses a place that is not empty and says what is there", async () => {
    const strange = new MemoryStore();
    await writeWhole(strange, "holiday.jpg", "x");
    await expect(createArchive(strange, options())).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("holiday.jpg"),
    });
    const unfinished = new MemoryStore();
    await createArchive(unfinished, options());
    await expect(createArchive(unfinished, options())).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("did not finish"),
    });
    const complete = new MemoryStore();
    await writeSample(complete);
    await expect(createArchive(complete, options())).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
    });
  });

  it("takes zstd where Node has it, and refuses it before anything is written where not", async () => {
    const store = new MemoryStore();
    const creating = createArchive(store, options({ compression: "zstd" }));
    if (hasZstd) {
      await creating;
      return;
    }
    await expect(creating).rejects.toMatchObject({
      code: "ERR_USAGE",
      hint: expect.stringContaining("22.15"),
    });
    expect(await collect(store.list())).toEqual([]);
  });

  it("refuses records that are not ascending by id, and ids are numbers", async () => {
    const writer = await createArchive(new MemoryStore(), options());
    const [a, b] = plainRecords(2, 9);
    const docs = writer.database().collection("docs");
    await docs.write(each([[a!, b!]]));
    await expect(docs.write(each([[b!], [a!]]))).rejects.toThrow("ascending by id: 9 after 12");
    await expect(writer.finish()).rejects.toThrow("not every write of docs has ended well");
  });

  it("refuses a line that is no definition, or not one line", async () => {
    const writer = await createArchive(new MemoryStore(), options());
    await expect(writer.database().definitions("roles", ['{"name":"x"}'])).rejects.toMatchObject({
      code: "ERR_RECORD",
    });
    await expect(writer.database().definitions("functions", ["{\n}"])).rejects.toThrow("one line");
  });

  it("refuses to finish when two ranges overlap", async () => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options());
    const docs = writer.database().collection("docs");
    await docs.write(each([plainRecords(10, 1)]));
    await docs.write(each([plainRecords(10, 20)]));
    await expect(writer.finish()).rejects.toThrow("contradicts itself");
    await expect(openArchive(store)).rejects.toMatchObject({ code: "ERR_ARCHIVE_INCOMPLETE" });
  });

  it("stops when it is told to, closes its source, and leaves no segment half-written", async () => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options({ segmentBytes: 2000, frameBytes: 200 }));
    const controller = new AbortController();
    const source = new Counting(1000);
    const records = (async function* () {
      for await (const n of source.items) {
        if (n === 100) controller.abort(new Error("stopped"));
        yield plainRecords(1, 1000 + n * 3);
      }
    })();
    const { signal } = controller;
    const writing = writer.database().collection("docs").write(records, { signal });
    await expect(writing).rejects.toThrow("stopped");
    expect(source.closed).toBe(true);
    const names = [...(await contents(store)).keys()];
    const segments = names.filter((name) => name.startsWith("data/"));
    expect(segments.length).toBe(names.filter((name) => name.startsWith("journal/data.")).length);
  });
});

describe("opening an archive", () => {
  it("says that an empty place holds none", async () => {
    await expect(openArchive(new MemoryStore())).rejects.toMatchObject({
      code: "ERR_ARCHIVE_INCOMPLETE",
      message: expect.stringContaining("empty or does not exist"),
    });
  });

  it("says which collection it does not hold", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const archive = await openArchive(store);
    expect(() => archive.collection("order")).toThrow(
      "the archive does not hold the collection order",
    );
  });
});

describe("checking an archive", () => {
  it("says how far it is, up to all files, bytes and documents", async () => {
    const store = new MemoryStore();
    const { totals } = await writeSample(store);
    const seen: CheckProgress[] = [];
    await checkArchive(store, { onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1);
    expect(last).toEqual({
      files: last?.filesTotal,
      filesTotal: 1 + 5 + totals.segments,
      bytes: totals.storedBytes,
      bytesTotal: totals.storedBytes,
      documents: totals.documents,
    });
    const bytes = seen.map((progress) => progress.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  });

  it("stops when it is told to", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("stopped"));
    const { signal } = controller;
    await expect(checkArchive(store, { signal, onProgress })).rejects.toThrow("stopped");
  });
});
