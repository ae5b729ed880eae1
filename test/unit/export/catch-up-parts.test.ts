/** What an export that catches up is made of: sealed files, sorted ids, and layers that lie over one another. */
import { describe, expect, it } from "vitest";
import { IdSet } from "../../../src/export/catch-up-ids.ts";
import { newest } from "../../../src/export/catch-up-layers.ts";
import { type Entry, Spool } from "../../../src/export/catch-up-spool.ts";
import { MemoryStore, readWhole, writeWhole } from "../../../src/store/store.ts";
import { makeRecord } from "../../../src/values/record.ts";
import { contents } from "../../support/archives.ts";
import { collect, each } from "../../support/generators.ts";

const LAST = String(2n ** 63n - 1n);

function entry(id: string, text?: string): Entry {
  const record = text === undefined ? undefined : makeRecord(id, "7", { dataText: text });
  return { id, record };
}

const BATCHES: readonly (readonly Entry[])[] = [
  [entry("0", '{"n":1.0,"é":"ü\\n"}'), entry("3"), entry("20", "{}")],
  [],
  [entry("21", `{"long":"${"x".repeat(300_000)}"}`), entry(LAST)],
];

async function spooled() {
  const store = new MemoryStore();
  const spool = new Spool(store);
  const file = await spool.write(each(BATCHES), undefined);
  const [name] = (await contents(store)).keys();
  return { store, spool, file, name: name! };
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  return (await collect(batches)).flat();
}

describe("what is put by", () => {
  it("comes back as it was, with or without the documents, as often as it is asked for", async () => {
    const { file } = await spooled();
    expect(file.entries).toBe(5);
    const marks = BATCHES.flat().map(({ id, record }) => ({ id, isThere: record !== undefined }));
    for (let time = 0; time < 2; time++) {
      expect(await all(file.all())).toEqual(BATCHES.flat());
      expect(await all(file.marks())).toEqual(marks);
    }
  });

  it("comes back in frames of half a megabyte, unless one document is larger", async () => {
    const spool = new Spool(new MemoryStore());
    const text = (size: number) => `{"t":"${"x".repeat(size)}"}`;
    const sizes = [...Array.from({ length: 20 }, () => 100_000), 3_000_000, 10, 10];
    const entries = sizes.map((size, index) => entry(String(index + 1), text(size)));
    const file = await spool.write(each([entries]), undefined);
    const frames = await collect(file.all());
    expect(frames.flat()).toEqual(entries);
    expect(frames.map(({ length }) => length)).toEqual([5, 5, 5, 5, 1, 2]);
    expect(file.largest).toBeGreaterThan(3_000_000);
    expect(file.largest).toBeLessThan(3_000_100);
  });

  it("cannot be read by whoever finds it", async () => {
    const { store, name } = await spooled();
    const bytes = await readWhole(store, name);
    expect(bytes.includes("xxxx")).toBe(false);
    expect(bytes.includes("long")).toBe(false);
    const other = new Spool(store);
    const file = await other.write(each(BATCHES), undefined);
    // The same name, sealed by another.
    await writeWhole(store, name, bytes);
    await expect(all(file.all())).rejects.toMatchObject({ code: "ERR_ARCHIVE_CORRUPT" });
  });

  it("is noticed when any byte of it is another, or it is cut off anywhere", async () => {
    const { store, file, name } = await spooled();
    const bytes = await readWhole(store, name);
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1;
      await writeWhole(store, name, altered);
      await expect(all(file.all()), `byte ${at}`).rejects.toMatchObject({
        code: "ERR_ARCHIVE_CORRUPT",
        place: expect.stringContaining(name) as string,
      });
      await writeWhole(store, name, bytes.subarray(0, at));
      await expect(all(file.all()), `cut at ${at}`).rejects.toMatchObject({
        code: "ERR_ARCHIVE_CORRUPT",
      });
    }
  });

  it("is gone when it was removed, and so is all the rest in the end", async () => {
    const { store, spool, file } = await spooled();
    await spool.write(each(BATCHES), undefined);
    await file.remove();
    expect((await contents(store)).size).toBe(1);
    await spool.clear();
    expect((await contents(store)).size).toBe(0);
  });
});

describe("ids that feeds name", () => {
  it.each([64, 100, 100_000])(
    "come out sorted and once each, with room for %d in memory",
    async (room) => {
      const store = new MemoryStore();
      const ids = new IdSet(new Spool(store), room);
      const named = Array.from({ length: 2_000 }, (_, n) => String((n * 7919) % 700)).concat(LAST);
      for (let at = 0; at < named.length; at += 37) await ids.add(named.slice(at, at + 37));
      const sorted = [...new Set(named)].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      expect((await all(ids.ascending())).map(({ id }) => id)).toEqual(sorted);
      expect(ids.size).toBeGreaterThanOrEqual(sorted.length);
      expect((await contents(store)).size > 0).toBe(room < 700);
      await ids.remove();
      expect((await contents(store)).size).toBe(0);
    },
  );

  it("are all there when several add at once", async () => {
    const ids = new IdSet(new Spool(new MemoryStore()), 64);
    const parts = Array.from({ length: 20 }, (_, part) =>
      Array.from({ length: 50 }, (__, n) => String(part * 50 + n)),
    );
    await Promise.all(parts.map((part) => ids.add(part)));
    expect((await all(ids.ascending())).map(({ id }) => id)).toEqual(parts.flat());
  });

  it("that were taken out are in the set no more, until they are put back", async () => {
    const ids = new IdSet(new Spool(new MemoryStore()), 64);
    await ids.add(["5", "1"]);
    const taken = ids.take();
    await ids.add(["7", "5"]);
    expect((await all(taken.ascending())).map(({ id }) => id)).toEqual(["1", "5"]);
    expect((await all(ids.ascending())).map(({ id }) => id)).toEqual(["5", "7"]);
    await ids.absorb(taken);
    expect((await all(ids.ascending())).map(({ id }) => id)).toEqual(["1", "5", "7"]);
  });
});

describe("layers", () => {
  it("the newest that speaks of an id has the last word", async () => {
    const layer = (...ids: readonly [string, string][]) =>
      each(
        [ids.slice(0, 1), ids.slice(1)].map((batch) => batch.map(([id, says]) => ({ id, says }))),
      );
    const found = await all(
      newest([
        layer(["1", "a"], ["2", "a"], ["10", "a"]),
        layer(["2", "b"], ["9", "b"]),
        layer(["9", "c"], ["10", "c"], ["11", "c"]),
      ]),
    );
    expect(
      found.map(({ top, layer: number, inLowest }) => [top.id, top.says, number, inLowest]),
    ).toEqual([
      ["1", "a", 0, true],
      ["2", "b", 1, true],
      ["9", "c", 2, false],
      ["10", "c", 2, true],
      ["11", "c", 2, false],
    ]);
    expect(await all(newest([]))).toEqual([]);
  });

  it("no more than a batch of each is there at a time", async () => {
    const given: string[] = [];
    /** Two ids in a batch, from `first` on by `step`. */
    async function* layer(first: number, step: number) {
      for (let batch = 0; batch < 5; batch++) {
        const ids = [0, 1].map((n) => String(first + (2 * batch + n) * step));
        given.push(...ids);
        yield ids.map((id) => ({ id }));
      }
    }
    const seen: string[] = [];
    for await (const batch of newest([layer(1, 2), layer(2, 4), layer(3, 3)])) {
      seen.push(...batch.map(({ top }) => top.id));
      const ahead = new Set(given.filter((id) => !seen.includes(id)));
      expect(ahead.size + batch.length).toBeLessThanOrEqual(2 * 3 + 1);
    }
    expect(seen).toEqual([...new Set(given)].toSorted((a, b) => Number(a) - Number(b)));
  });
});
