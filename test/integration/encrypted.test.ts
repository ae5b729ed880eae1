/** Databases by way of encrypted archives: the copy is the same, and nothing is written from an archive that is not whole. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Encryption, Unlock } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { flipped, OTHER_IDENTITY, recipients, type Way, ways } from "../support/age.ts";
import { contents, fill } from "../support/archives.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildMixed } from "../support/sample-databases.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe.each(ways)("a database that is exported $name", ({ encryption, unlock }: Way) => {
  it("comes back the same", async () => {
    const source = await bench.emptyDatabase();
    await buildMixed(source);
    const store = new MemoryStore();
    await exportDatabase({ source, target: store, encryption, rangeDocuments: 40, pageSize: 7 });
    expect((await verifyArchive({ archive: store, unlock })).opened).toBe(true);

    const copy = await bench.emptyDatabase();
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    const imported = await importArchive({ source: store, target: copy, unlock, deadLetterFile });
    expect(imported.documents.refused).toBe(0);
    const { equal, against } = await verifyArchive({ archive: store, unlock, against: copy });
    expect(against!.collections.filter((each) => !each.equal)).toEqual([]);
    expect(equal).toBe(true);
    const read = [await bench.read(source), await bench.read(copy)] as const;
    expect(differences(...read, withNewTs(imported))).toEqual([]);
  });
});

/** Imports into a target that must not be asked for anything, and gives the error. */
async function refused(source: Store, unlock?: Unlock): Promise<unknown> {
  const { endpoint, secret } = bench;
  const target = connect({ endpoint, secret });
  try {
    const error = await importArchive({ source, target, unlock }).catch(
      (thrown: unknown) => thrown,
    );
    expect(target.counters.requests).toBe(0);
    return error;
  } finally {
    await target.close();
  }
}

async function archive(encryption: Encryption): Promise<Store> {
  const source = await bench.emptyDatabase();
  await source.v10(`Collection.create({ name: "Thing" })`);
  await source.v10(`Thing.create({ id: "1", n: 1 })`);
  const store = new MemoryStore();
  await exportDatabase({ source, target: store, encryption });
  return store;
}

describe("an encrypted archive that cannot be read", () => {
  it.each(ways)(
    "for a flipped byte in any of its files, $name, is refused before the first request",
    async ({ encryption, unlock }) => {
      const store = await archive(encryption);
      const files = await contents(store);
      for (const [name, bytes] of files) {
        for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
          const damaged = await fill(new MemoryStore(), files);
          await fill(damaged, new Map([[name, flipped(bytes, at)]]));
          const error = await refused(damaged, unlock);
          expect(error, `${name} ${at}`).toMatchObject({ code: "ERR_ARCHIVE_CORRUPT" });
          expect(error, `${name} ${at}`).toHaveProperty("place");
        }
      }
    },
  );

  it.each(ways)("for want of the right key, $name, is refused too", async ({ encryption }) => {
    const store = await archive(encryption);
    for (const unlock of [undefined, { identities: [OTHER_IDENTITY] }, { passphrase: "other" }])
      expect(await refused(store, unlock)).toMatchObject({ code: "ERR_ARCHIVE_LOCKED" });
  });

  it("is not compared with a database, whose definitions it does not show", async () => {
    const store = await archive(recipients);
    const verifying = verifyArchive({ archive: store, against: bench.root });
    await expect(verifying).rejects.toMatchObject({ code: "ERR_ARCHIVE_LOCKED" });
  });
});
