import { describe, expect, it } from "vitest";
import { checkArchive, createArchive, openArchive } from "../../src/archive/archive.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { contents, fill, options, writeSample } from "../support/archives.ts";
import { type FailureMode, FailingStore } from "../support/failing-store.ts";
import { each } from "../support/generators.ts";
import { plainRecords } from "../support/records.ts";

const settle = async <T>(promise: Promise<T>) =>
  promise.then(
    (value) => ({ ok: true as const, value }),
    (error: unknown) => ({ ok: false as const, error }),
  );

/** An archive of few bytes with one file of each sort. */
async function writeTiny(store: Store): Promise<void> {
  const writer = await createArchive(store, options());
  await writer.database().fsl("main.fsl", "collection C {}\n");
  await writer.database().definitions("collections", ['{"name":"C","madeBy":"v10"}']);
  await writer
    .database()
    .collection("C")
    .write(each([plainRecords(2)]));
  await writer.finish();
}

const modes: FailureMode[] = ["before", "after", "partial"];

describe.each(modes)("when any operation of the store fails, %s", (mode) => {
  it.each([false, true])(
    "no archive passes for complete that is not (killed: %s)",
    async (dead) => {
      for (let failAt = 0; ; failAt++) {
        const store = new MemoryStore();
        const failing = new FailingStore(store, { failAt, mode, dead });
        const outcome = await settle(writeSample(failing));
        const names = [...(await contents(store)).keys()];
        if (names.includes("manifest.json")) {
          expect((await checkArchive(store)).problems).toEqual([]);
        } else {
          expect(outcome.ok).toBe(false);
          await expect(openArchive(store)).rejects.toMatchObject({
            code: "ERR_ARCHIVE_INCOMPLETE",
          });
        }
        if (outcome.ok) {
          expect(failAt).toBeGreaterThan(10);
          break;
        }
      }
    },
  );

  it("the check never calls an archive whole that it could not read", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    for (let failAt = 0; ; failAt++) {
      const failing = new FailingStore(store, { failAt, mode });
      const outcome = await settle(checkArchive(failing));
      if (failing.operations <= failAt) {
        expect(outcome).toMatchObject({ ok: true, value: { problems: [] } });
        break;
      }
      expect(outcome.ok && outcome.value.problems.length === 0).toBe(false);
    }
  });
});

/** The files at fault by the check's account; a place without a manifest is one without an archive. */
async function findings(files: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  const store = await fill(new MemoryStore(), files);
  const outcome = await settle(checkArchive(store));
  if (!outcome.ok) {
    expect(outcome.error).toMatchObject({ code: "ERR_ARCHIVE_INCOMPLETE" });
    return ["manifest.json"];
  }
  return [...new Set(outcome.value.problems.map((problem) => problem.file))];
}

/** The manifest's digest is one with the manifest. */
const blamed = (name: string) => (name === "manifest.json.sha256" ? "manifest.json" : name);

describe("the check of an archive", () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["lacks its last byte", (bytes) => bytes.subarray(0, -1)],
    ["is cut in half", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["is empty", () => Buffer.alloc(0)],
    ["has a byte more", (bytes) => Buffer.concat([bytes, Buffer.from("\n")])],
    ["is there twice in itself", (bytes) => Buffer.concat([bytes, bytes])],
    ["is all zeros", (bytes) => Buffer.alloc(bytes.length)],
  ])("names each file that %s", async (_, damage) => {
    const store = new MemoryStore();
    await writeSample(store);
    const files = await contents(store);
    for (const [name, bytes] of files) {
      const damaged = damage(bytes);
      if (damaged.equals(bytes)) continue;
      expect(await findings(new Map([...files, [name, damaged]])), name).toEqual([blamed(name)]);
    }
  });

  it("names each file that is missing", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const files = await contents(store);
    for (const name of files.keys()) {
      const left = new Map(files);
      left.delete(name);
      expect(await findings(left), name).toEqual([blamed(name)]);
    }
  });

  it("names both files of any two that are swapped", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const files = [...(await contents(store))];
    for (const [i, [name, bytes]] of files.entries()) {
      for (const [otherName, otherBytes] of files.slice(i + 1)) {
        if (bytes.equals(otherBytes)) continue;
        const found = await findings(new Map([...files, [name, otherBytes], [otherName, bytes]]));
        // With the manifest in doubt nothing else can be.
        const both = [blamed(name), blamed(otherName)];
        const expected = both.includes("manifest.json") ? ["manifest.json"] : both;
        expect(found.toSorted(), `${name} and ${otherName}`).toEqual(expected.toSorted());
      }
    }
  });

  it("notes a file that does not belong, without calling the archive damaged", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    for (const [name, bytes] of await contents(store)) {
      const files = new Map([...(await contents(store)), [`${name}.copy`, bytes]]);
      const report = await checkArchive(await fill(new MemoryStore(), files));
      expect(report.problems).toEqual([]);
      expect(report.notes).toEqual([{ message: "not part of the archive", file: `${name}.copy` }]);
    }
  });

  it("finds every single byte that is altered, in every file", async () => {
    const store = new MemoryStore();
    await writeTiny(store);
    const files = await contents(store);
    for (const [name, bytes] of files) {
      for (let at = 0; at < bytes.length; at++) {
        const altered = Buffer.from(bytes);
        altered[at] = bytes[at]! ^ (1 << (at % 8));
        const found = await findings(new Map([...files, [name, altered]]));
        if (found.length !== 1 || found[0] !== blamed(name))
          expect.fail(`byte ${at} of ${name} was altered, found: ${found.join(", ")}`);
      }
    }
  });
});
