import { describe, expect, it } from "vitest";
import { UNSEALED } from "../../../src/archive/age.ts";
import { checkArchive, type Manifest, type Problem } from "../../../src/archive/archive.ts";
import { codecFor } from "../../../src/archive/compression.ts";
import { readSegment } from "../../../src/archive/segment-reader.ts";
import { type ByteRange, MemoryStore, readWhole, writeWhole } from "../../../src/store/store.ts";
import { writeRecords } from "../../support/archives.ts";
import { collect } from "../../support/generators.ts";
import { plainRecords } from "../../support/records.ts";

const LARGE_BYTES = 15_000_000;

/** Knows how many files of segments were open at once, at most. */
class WatchedStore extends MemoryStore {
  most = 0;
  #open = 0;

  override async *read(name: string, range?: ByteRange) {
    this.most = Math.max(this.most, ++this.#open);
    try {
      yield* super.read(name, range);
    } finally {
      this.#open--;
    }
  }
}

async function checked(store: WatchedStore, manifest: Manifest): Promise<number> {
  const { problems, documents } = await checkArchive(store);
  expect([problems, documents]).toEqual([[], manifest.totals.documents]);
  return store.most;
}

describe("a check of an archive", () => {
  it("reads several files at once, but those of large frames one after the other", async () => {
    const small = new WatchedStore();
    const records = plainRecords(400);
    const segments = { segmentBytes: 4000, frameBytes: 500 };
    expect(await checked(small, await writeRecords(small, [records], segments))).toBe(4);

    const large = new WatchedStore();
    const dataText = `{"t":"${"x".repeat(LARGE_BYTES)}"}`;
    const some = plainRecords(4).map((record) => ({ ...record, dataText }));
    const limits = { segmentBytes: LARGE_BYTES, compression: "none" as const };
    expect(await checked(large, await writeRecords(large, [some], limits))).toBe(1);
  });

  it("tells what it found in the order of the manifest, wherever it was found first", async () => {
    const store = new MemoryStore();
    const limits = { segmentBytes: 8000, frameBytes: 4000, compression: "none" as const };
    const manifest = await writeRecords(store, [plainRecords(300)], limits);
    const { segments } = manifest.databases[0]!.collections[0]!;
    const files = segments.map(({ file }) => file);
    expect(files.length).toBeGreaterThan(2);
    for (const [n, { file, frames }] of segments.entries()) {
      const text = (await readWhole(store, file)).toString();
      // In the first file only what comes late.
      const from = n === 0 ? frames[1]!.offset : 0;
      const damaged = text.slice(0, from) + text.slice(from).replaceAll('{"id"', '{"di"');
      await store.remove(file);
      await writeWhole(store, file, Buffer.from(damaged));
    }
    const { problems } = await checkArchive(store);
    const more = problems.filter(({ message }) => message.includes("more problems in this file"));
    const large = segments.filter(({ records }) => records > 20).map(({ file }) => file);
    expect(more.map(({ file }) => file)).toEqual(large);
    const told = problems.filter((problem) => !more.includes(problem)).map(({ file }) => file);
    expect([...new Set(told)]).toEqual(files);
    expect(told).toEqual(told.toSorted());
  });

  it("makes texts of what is no lines one frame at a time, however many there are", async () => {
    const store = new MemoryStore();
    const manifest = await writeRecords(store, [plainRecords(200)], { compression: "none" });
    const [entry] = manifest.databases[0]!.collections[0]!.segments;
    expect(entry).toBeDefined();
    const codec = codecFor("none");
    let texts = 0;
    const counted: typeof codec = {
      ...codec,
      decompress: (stored, most) => {
        texts++;
        return codec.decompress(stored, most);
      },
    };
    // The frames are elsewhere than it says.
    const { records, plainBytes, frames, ...segment } = entry!;
    const step = Math.floor(plainBytes / 8);
    const cut = Array.from({ length: 8 }, (_, n) => ({
      ...frames[0]!,
      offset: n * step,
      plainOffset: n * step,
      records: records / 8,
    }));
    const problems: Problem[] = [];
    const read = readSegment(
      { store, opener: UNSEALED },
      { ...segment, records, plainBytes, frames: cut },
      {
        collection: "docs",
        codec: counted,
        countsOnly: true,
        report: (problem) => problems.push(problem),
      },
    );
    await read.next();
    expect(texts).toBe(1);
    await collect(read);
    expect(texts).toBe(8);
    expect(problems.length).toBeGreaterThan(8);
  });
});
