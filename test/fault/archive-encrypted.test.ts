import { describe, expect, it } from "vitest";
import { checkArchive, createArchive, openArchive } from "../../src/archive/archive.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { flipped, ways } from "../support/age.ts";
import { contents, fill, options, writeSample } from "../support/archives.ts";
import { type FailureMode, FailingStore } from "../support/failing-store.ts";
import { each } from "../support/generators.ts";
import { Points } from "../support/points.ts";
import { plainRecords } from "../support/records.ts";

describe("a flipped byte in an encrypted archive", () => {
  it.each(ways)("is found wherever it is, $name", async ({ name: way, encryption, unlock }) => {
    const store = new MemoryStore();
    const writer = await createArchive(store, options({ encryption }));
    await writer.database().fsl("main.fsl", "// x\n");
    await writer
      .database()
      .collection("docs")
      .write(each([plainRecords(1, 1)]));
    await writer.finish();
    const files = await contents(store);
    expect((await checkArchive(store, { unlock })).problems).toEqual([]);
    const points = new Points(`encrypted archive, ${way}, a byte flipped`, 9);
    for (const [name, bytes] of files) {
      const damaged = await fill(new MemoryStore(), files);
      for (const at of points.numbers(bytes.length)) {
        await fill(damaged, new Map([[name, flipped(bytes, at)]]));
        await points.try(`byte ${at} of ${name}`, async () => {
          const { problems } = await checkArchive(damaged, { unlock });
          expect(problems.map(({ code }) => code)).toContain("ERR_ARCHIVE_CORRUPT");
        });
      }
    }
    points.end();
  });
});

const modes: readonly FailureMode[] = ["before", "after", "partial"];

describe.each(modes)("when any operation of the store fails, %s", (mode) => {
  it.each(ways)("the archive is not there or whole, $name", async ({ encryption, unlock }) => {
    for (let failAt = 0; ; failAt++) {
      const store = new MemoryStore();
      const failing = new FailingStore(store, { failAt, mode });
      const error = await writeSample(failing, { encryption }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      // Only what follows the manifest, which is the journal's end, may fail and leave an archive.
      const names = [...(await contents(store)).keys()];
      if (names.some((name) => name === "manifest.json" || name === "manifest.json.age"))
        expect((await checkArchive(store, { unlock })).problems).toEqual([]);
      else
        await expect(openArchive(store, unlock)).rejects.toMatchObject({
          code: "ERR_ARCHIVE_INCOMPLETE",
        });
      if (error === undefined) break;
      expect(error).toMatchObject({ code: "ERR_DISK_FULL" });
    }
  });

  it.each(ways)("that is what is said, and not that files are damaged, $name", async (way) => {
    const store = new MemoryStore();
    await writeSample(store, { encryption: way.encryption });
    for (let failAt = 0; ; failAt++) {
      // The first read is of a manifest that is not there when it is hidden: nothing of it can fail later.
      if (failAt === 1 && way.encryption.encryptManifest === true && mode !== "before") continue;
      const failing = new FailingStore(store, { failAt, mode });
      const outcome = await checkArchive(failing, { unlock: way.unlock }).catch(
        (thrown: unknown) => thrown,
      );
      if (failing.operations <= failAt) {
        expect(outcome).toMatchObject({ problems: [], opened: true });
        break;
      }
      expect(outcome).toMatchObject({ code: "ERR_DISK_FULL" });
    }
  });
});
