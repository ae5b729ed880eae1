import { describe, expect, it } from "vitest";
import { checkArchive, createArchive } from "../../src/archive/archive.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { flipped, ways } from "../support/age.ts";
import { contents, fill, options } from "../support/archives.ts";
import { each } from "../support/generators.ts";
import { plainRecords } from "../support/records.ts";

describe("a flipped byte in an encrypted archive", () => {
  it.each(ways)("is found wherever it is, $name", async ({ encryption, unlock }) => {
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
    const missed: string[] = [];
    for (const [name, bytes] of files) {
      const damaged = await fill(new MemoryStore(), files);
      for (let at = 0; at < bytes.length; at++) {
        await fill(damaged, new Map([[name, flipped(bytes, at)]]));
        const { problems } = await checkArchive(damaged, { unlock });
        const codes = problems.map(({ code }) => code);
        if (!codes.includes("ERR_ARCHIVE_CORRUPT")) missed.push(`${name} ${at} ${codes.join()}`);
      }
    }
    expect(missed).toEqual([]);
  });
});
