import { createHash } from "node:crypto";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  checkArchive,
  createArchive,
  type Encryption,
  openArchive,
  parseIdentities,
  parseRecipients,
  type Unlock,
} from "../../../src/archive/archive.ts";
import { MemoryStore, type Store } from "../../../src/store/store.ts";
import { type DocumentRecord, parseRecord, printRecord } from "../../../src/values/record.ts";
import {
  flipped,
  identity,
  OTHER_IDENTITY,
  PASSPHRASE,
  passphrase,
  recipients,
  TEST_IDENTITY,
  TEST_RECIPIENT,
  ways,
} from "../../support/age.ts";
import { contents, fill, options, writeRecords, writeSample } from "../../support/archives.ts";
import { collect, each } from "../../support/generators.ts";
import { plainRecords } from "../../support/records.ts";

async function everything(store: Store, unlock?: Unlock) {
  const archive = await openArchive(store, unlock);
  const found: unknown[] = [];
  for (const collection of archive.database().collections) {
    const frames = await collect(archive.records(collection));
    found.push([collection.name, frames.flatMap(({ records }) => records).map(printRecord)]);
  }
  const fsl = [...(await archive.fsl())].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const staged = [...(await archive.fsl([], { staged: true }))];
  return { found, fsl, staged, definitions: await collect(archive.definitions("collections")) };
}

describe.each(ways)("an archive encrypted $name", ({ encryption, unlock }) => {
  it.each(["none", "gzip"] as const)("gives back what was written, %s", async (compression) => {
    const plain = new MemoryStore();
    await writeSample(plain, { compression });
    const store = new MemoryStore();
    await writeSample(store, { compression, encryption });
    expect(await everything(store, unlock)).toEqual(await everything(plain));
    const before = await checkArchive(plain);
    const after = await checkArchive(store, { unlock });
    expect(after).toMatchObject({ problems: [], notes: [], opened: true });
    expect(after.documents).toBe(before.documents);
    expect(after.files).toBe(before.files);
  });

  it("finds one document", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store, { encryption });
    const archive = await openArchive(store, unlock);
    const orders = archive.collection("Order");
    expect(manifest.totals.segments).toBeGreaterThan(3);
    const [first, last] = [orders.segments[0]!.firstId, orders.segments.at(-1)!.lastId];
    expect((await archive.record(orders, first))?.id).toBe(first);
    expect((await archive.record(orders, last))?.id).toBe(last);
    expect(await archive.record(orders, "77")).toBeUndefined();
  });

  it("leaves nothing of the run behind", async () => {
    const store = new MemoryStore();
    await writeSample(store, { encryption });
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("journal/")),
    ).toEqual([]);
  });
});

const refuse = (encryption: Encryption) =>
  expect(createArchive(new MemoryStore(), options({ encryption }))).rejects;

describe("an encrypted archive", () => {
  it("is of several chunks of age without losing any of them", async () => {
    const store = new MemoryStore();
    const records = plainRecords(5000, 1);
    const limits = { compression: "none", frameBytes: 50_000, segmentBytes: 2 ** 30 } as const;
    const manifest = await writeRecords(store, [records], { encryption: recipients, ...limits });
    const [segment] = manifest.databases[0]!.collections[0]!.segments;
    expect(segment!.openedBytes).toBe(segment!.plainBytes);
    expect(segment!.openedBytes).toBeGreaterThan(3 * 65_536);
    const archive = await openArchive(store, identity);
    const docs = archive.collection("docs");
    const frames = await collect(archive.records(docs));
    expect(frames.flatMap((frame) => frame.records).map(printRecord)).toEqual(
      records.map(printRecord),
    );
    for (const { id } of [records[0]!, records[2499]!, records[4999]!])
      expect((await archive.record(docs, id))?.id).toBe(id);
  });

  it("shows sizes and checksums to those without a key, and that is all they can check", async () => {
    const store = new MemoryStore();
    await writeSample(store, { encryption: recipients });
    const report = await checkArchive(store);
    expect(report).toMatchObject({ problems: [], opened: false, documents: 0 });
    expect(report.notes).toEqual([
      { message: expect.stringContaining("not opened"), file: "manifest.json" },
    ]);
    const archive = await openArchive(store);
    expect(archive.collection("Order").documents).toBe(90);
    const fails = { code: "ERR_ARCHIVE_LOCKED", hint: expect.stringContaining("--identity FILE") };
    await expect(collect(archive.records(archive.collection("Order")))).rejects.toMatchObject(
      fails,
    );
    await expect(archive.record(archive.collection("Order"), "5000")).rejects.toMatchObject(fails);
    await expect(archive.fsl()).rejects.toMatchObject(fails);
    await expect(collect(archive.definitions("collections"))).rejects.toMatchObject(fails);
    for (const [name, bytes] of await contents(store)) {
      if (!name.endsWith(".age")) continue;
      const damaged = await fill(new MemoryStore(), await contents(store));
      await fill(damaged, new Map([[name, flipped(bytes, bytes.length >> 1)]]));
      expect((await checkArchive(damaged)).problems).toMatchObject([{ file: name }]);
      await damaged.remove(name);
      expect((await checkArchive(damaged)).problems).toMatchObject([
        { file: name, message: "the file is missing" },
      ]);
    }
  });

  it("opens to nobody without a key when its manifest is hidden", async () => {
    const store = new MemoryStore();
    await writeSample(store, { encryption: { ...recipients, encryptManifest: true } });
    const fails = { code: "ERR_ARCHIVE_LOCKED", message: "the archive is encrypted" };
    await expect(openArchive(store)).rejects.toMatchObject(fails);
    await expect(checkArchive(store)).rejects.toMatchObject(fails);
  });

  it.each([
    [recipients, { identities: [OTHER_IDENTITY] }, "the identity is not one"],
    [recipients, { identities: [OTHER_IDENTITY, OTHER_IDENTITY] }, "none of the 2 identities"],
    [recipients, { passphrase: PASSPHRASE }, "it has no passphrase"],
    [passphrase, { passphrase: "wrong" }, "the passphrase is wrong"],
    [passphrase, identity, "the identity is not one"],
  ])("says which key does not fit", async (encryption: Encryption, unlock, message) => {
    for (const encryptManifest of [false, true]) {
      const store = new MemoryStore();
      await writeRecords(store, [plainRecords(1, 1)], {
        encryption: { ...encryption, encryptManifest },
      });
      const error = await openArchive(store, unlock).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "ERR_ARCHIVE_LOCKED",
        message: expect.stringContaining(message),
      });
      await expect(checkArchive(store, { unlock })).rejects.toMatchObject({
        code: "ERR_ARCHIVE_LOCKED",
      });
      const said = JSON.stringify(error) + String(error);
      expect(said).not.toMatch(/AGE-SECRET|correct horse|"wrong"/);
    }
  });

  it("is what a key does not matter to when it is none", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const unlock = { identities: [OTHER_IDENTITY], passphrase: "any" };
    expect(await everything(store, unlock)).toEqual(await everything(store));
  });

  it("says in its features that it has to be opened, so that older releases refuse it", async () => {
    const store = new MemoryStore();
    const manifest = await writeSample(store, { encryption: recipients });
    expect(manifest.features).toEqual(["age"]);
    expect(manifest.encryption).toEqual({ recipients: [TEST_RECIPIENT], passphrase: false });
  });

  it("needs somebody to encrypt for", async () => {
    await refuse({}).toMatchObject({ code: "ERR_USAGE" });
    await refuse({ passphrase: "" }).toMatchObject({ code: "ERR_USAGE" });
    await refuse({ recipients: ["age1nonsense"] }).toMatchObject({
      code: "ERR_USAGE",
      message: "Recipient 1 is not a recipient of age.",
    });
    const secret = await createArchive(
      new MemoryStore(),
      options({ encryption: { recipients: [TEST_IDENTITY] } }),
    ).catch((thrown: unknown) => thrown);
    expect(secret).toMatchObject({ hint: expect.stringContaining("age-keygen -y") });
    expect(`${String(secret)}${JSON.stringify(secret)}`).not.toContain(TEST_IDENTITY);
  });

  it("that nobody finished tells what it may", async () => {
    const store = new MemoryStore();
    const encryption = { ...recipients, encryptManifest: true };
    const writer = await createArchive(
      store,
      options({ encryption, options: { collection: ["Shy*"] } }),
    );
    await writer
      .database()
      .collection("ShyOnes")
      .write(each([plainRecords(3, 7_654_321)]));
    const all = await contents(store);
    expect(everyByte(all)).not.toMatch(/Shy|7654321|127\.0\.0\.1|shop|ytest/);
    expect([...all.keys()].filter((name) => name.startsWith("journal/"))).toHaveLength(2);
    await expect(openArchive(store)).rejects.toMatchObject({
      code: "ERR_ARCHIVE_INCOMPLETE",
      message: expect.stringContaining("1 segments were done"),
    });
    await expect(createArchive(store, options())).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
    });
  });

  it("closes its source when its writing is stopped", async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<DocumentRecord[]> {
      try {
        for (let i = 0; ; i++) yield plainRecords(100, 1000 * i);
      } finally {
        isClosed = true;
      }
    }
    const stop = new AbortController();
    const store = new MemoryStore();
    const more = { encryption: recipients, segmentBytes: 20_000, frameBytes: 5_000 };
    const writer = await createArchive(store, options(more));
    const writing = writer
      .database()
      .collection("docs")
      .write(endless(), {
        signal: stop.signal,
        onSegment: () => stop.abort(new Error("enough")),
      });
    await expect(writing).rejects.toThrow("enough");
    expect(isClosed).toBe(true);
  });

  it("is read no further than it is asked for", async () => {
    const store = new MemoryStore();
    const limits = { compression: "none", frameBytes: 50_000, segmentBytes: 2 ** 30 } as const;
    await writeRecords(store, [plainRecords(20_000, 1)], { encryption: recipients, ...limits });
    const slices = new SlicedStore(store);
    const archive = await openArchive(slices, identity);
    slices.taken = 0;
    const docs = archive.collection("docs");
    await archive.record(docs, "2");
    const total = docs.storedBytes;
    expect(slices.taken).toBeLessThan(total / 3);
    expect(slices.open).toBe(0);
    slices.taken = 0;
    for await (const _ of archive.records(docs)) break;
    expect(slices.taken).toBeLessThan(total / 2);
    expect(slices.open).toBe(0);
  });
});

/** Gives files in small chunks and counts what was taken. */
class SlicedStore extends MemoryStore {
  taken = 0;
  open = 0;
  readonly #store: Store;

  constructor(store: Store) {
    super();
    this.#store = store;
  }

  override async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    this.open++;
    try {
      for await (const chunk of this.#store.read(name)) {
        for (let at = 0; at < chunk.length; at += 16_384) {
          const slice = chunk.subarray(at, at + 16_384);
          this.taken += slice.length;
          yield slice;
        }
      }
    } finally {
      this.open--;
    }
  }
}

/** Every file's name and bytes, and what gzip makes of them. */
function everyByte(files: ReadonlyMap<string, Buffer>): string {
  return [...files]
    .map(([name, bytes]) => {
      let plain = Buffer.alloc(0);
      try {
        plain = zlib.gunzipSync(bytes);
      } catch {
        // Not gzip: its bytes are all there is.
      }
      return `${name}\n${bytes.toString("latin1")}\n${plain.toString("latin1")}`;
    })
    .join("\n");
}

describe("no byte of an encrypted archive", () => {
  const canary = "Xcanary";
  const record = parseRecord(
    `{"id":"9182736450","ts":1,"data":{"${canary}Field":"${canary}Value","n":9182736451}}`,
  );

  async function written(encryption: Encryption | undefined, compression: "none" | "gzip") {
    const store = new MemoryStore();
    const source = { endpoint: `http://${canary}Host`, database: `${canary}Db`, globalId: canary };
    const writer = await createArchive(
      store,
      options({ encryption, compression, source, options: { collection: [`${canary}*`] } }),
    );
    const child = writer.database([`${canary}Child`]);
    for (const database of [writer.database(), child]) {
      await database.fsl(`${canary}File.fsl`, `// ${canary}Fsl\n`);
      await database.definitions("functions", [
        `{"name":"${canary}Fn","madeBy":"v10","v10":{"body":"${canary}Body"}}`,
      ]);
      await database.collection(`${canary}Coll`).write(each([[record]]));
    }
    await writer.finish();
    return everyByte(await contents(store));
  }

  it.each(["none", "gzip"] as const)(
    "tells a value, a field or a definition, %s",
    async (compression) => {
      const told = await written(recipients, compression);
      for (const secret of ["Field", "Value", "Fsl", "Fn", "Body", "9182736451"])
        expect(told.includes(secret === "9182736451" ? secret : canary + secret), secret).toBe(
          false,
        );
      expect(told).toContain(`${canary}Coll`);
      const plain = await written(undefined, compression);
      for (const secret of ["Field", "Value", "Fsl", "Fn", "Body"])
        expect(plain, "the test would see it").toContain(canary + secret);
    },
  );

  it.each(["none", "gzip"] as const)(
    "tells a name, an id or a host either, with its manifest hidden, %s",
    async (compression) => {
      const told = await written({ ...recipients, encryptManifest: true }, compression);
      expect(told.toLowerCase()).not.toContain(canary.toLowerCase());
      expect(told).not.toMatch(/91827364/);
      expect(told).not.toContain(
        createHash("sha256").update(`${canary}Coll`).digest("hex").slice(0, 8),
      );
      expect(told).not.toContain("functions");
      expect(told).not.toContain(TEST_RECIPIENT);
    },
  );
});

describe("a file that was sealed by somebody else", () => {
  it("is not taken for part of the archive, though its digest is the manifest's", async () => {
    const store = new MemoryStore();
    await writeRecords(store, [plainRecords(3, 1)], { encryption: recipients });
    const other = new MemoryStore();
    await writeRecords(other, [plainRecords(3, 1)], {
      encryption: passphrase,
    });
    const [segment] = [...(await contents(other))].filter(([name]) =>
      name.endsWith("ndjson.gz.age"),
    );
    const manifest = JSON.parse((await contents(store)).get("manifest.json")!.toString());
    manifest.databases[0].collections[0].segments[0].sha256 = createHash("sha256")
      .update(segment![1])
      .digest("hex");
    const text = JSON.stringify(manifest);
    const digest = createHash("sha256").update(text).digest("hex");
    await fill(
      store,
      new Map([
        segment!,
        ["manifest.json", Buffer.from(text)],
        ["manifest.json.sha256", Buffer.from(`${digest}  manifest.json\n`)],
      ]),
    );
    expect((await checkArchive(store, { unlock: identity })).problems).toMatchObject([
      { code: "ERR_ARCHIVE_CORRUPT", message: expect.stringContaining("not sealed to") },
    ]);
  });
});

describe("files of keys", () => {
  it("hold one a line, and comments", () => {
    expect(parseRecipients(`# me\n\n ${TEST_RECIPIENT}\r\n`, "f")).toEqual([TEST_RECIPIENT]);
    expect(parseIdentities(`# me\n${TEST_IDENTITY}\n`, "f")).toEqual([TEST_IDENTITY]);
  });

  it.each([
    [parseRecipients, "", "f"],
    [parseRecipients, `${TEST_RECIPIENT}\nssh-ed25519 AAAA`, "f:2"],
    [parseRecipients, TEST_IDENTITY, "f:1"],
    [parseIdentities, "# only\n", "f"],
    [parseIdentities, "AGE-PLUGIN-YUBIKEY-1XXXX", "f:1"],
    [parseIdentities, "age-encryption.org/v1\n-> scrypt", "f"],
  ])("are refused with their line when they are something else", (parse, text, place) => {
    let error: unknown;
    try {
      parse(text, "f");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "ERR_USAGE", place, hint: expect.any(String) });
    expect(String(error)).not.toContain("AGE-SECRET-KEY-1");
  });
});
