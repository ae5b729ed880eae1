/** What comes from outside and is wrong: each thing has its code, place and hint, and the target stays untouched. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { importArchive, planImport } from "../../src/import/import.ts";
import { FolderStore, MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents, fill } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { cannedServer } from "../support/canned-server.ts";
import { FailingStore } from "../support/failing-store.ts";
import { temporaryFolder } from "../support/folders.ts";
import { buildSchemaRich } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
let files: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await buildSchemaRich(source);
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive, segmentBytes: 3000, rangeDocuments: 40 });
  files = await contents(archive);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

type Files = Map<string, Uint8Array>;

const segments = (): string[] => [...files.keys()].filter((name) => name.startsWith("data/order"));

/** Changes the manifest and gives it a digest that fits, as a forger would. */
function forged(change: (text: string) => string): (files: Files) => void {
  return (all) => {
    const text = change(Buffer.from(all.get("manifest.json")!).toString("utf8"));
    all.set("manifest.json", Buffer.from(text));
    const digest = createHash("sha256").update(text).digest("hex");
    const old = Buffer.from(all.get("manifest.json.sha256")!).toString("utf8");
    all.set("manifest.json.sha256", Buffer.from(old.replace(/[0-9a-f]{64}/, digest)));
  };
}

function alter(name: string, change: (bytes: Buffer) => Uint8Array): (files: Files) => void {
  return (all) => void all.set(name, change(Buffer.from(all.get(name)!)));
}

const flip = (bytes: Buffer): Buffer => {
  bytes[bytes.length >> 1]! ^= 1;
  return bytes;
};

describe("an archive", () => {
  it.each<[string, (files: Files) => void, string, string]>([
    ["without a manifest", (all) => void all.delete("manifest.json"), "INCOMPLETE", ""],
    ["of nothing", (all) => all.clear(), "INCOMPLETE", ""],
    [
      "without the manifest's digest",
      (all) => void all.delete("manifest.json.sha256"),
      "CORRUPT",
      "manifest.json",
    ],
    [
      "with an altered manifest",
      (all) => alter("manifest.json", flip)(all),
      "CORRUPT",
      "manifest.json",
    ],
    [
      "with half a manifest",
      (all) => alter("manifest.json", (b) => b.subarray(0, b.length >> 1))(all),
      "CORRUPT",
      "manifest.json",
    ],
    [
      "in a newer format",
      forged((text) => text.replace(/"version": ?1,/, `"version":9,`)),
      "VERSION",
      "manifest.json",
    ],
    [
      "whose names leave its folder",
      forged((text) => text.replace(/"file": ?"data\/order[^"]*"/, '"file":"../../etc/passwd"')),
      "UNSAFE",
      "manifest.json",
    ],
    [
      "whose names are absolute",
      forged((text) => text.replace(/"file": ?"data\/order[^"]*"/, '"file":"/etc/passwd"')),
      "UNSAFE",
      "manifest.json",
    ],
    ["that lacks a segment", (all) => void all.delete(segments()[0]!), "CORRUPT", "data/order"],
    [
      "with a truncated segment",
      (all) => alter(segments()[0]!, (b) => b.subarray(0, -7))(all),
      "CORRUPT",
      "data/order",
    ],
    ["with an altered segment", (all) => alter(segments()[1]!, flip)(all), "CORRUPT", "data/order"],
    [
      "with an empty segment",
      (all) => alter(segments()[0]!, () => Buffer.alloc(0))(all),
      "CORRUPT",
      "data/order",
    ],
    [
      "with swapped segments",
      (all) => {
        const [one, two] = segments() as [string, string];
        const bytes = all.get(one)!;
        all.set(one, all.get(two)!);
        all.set(two, bytes);
      },
      "CORRUPT",
      "data/order",
    ],
    [
      "with an altered schema file",
      (all) =>
        alter(
          [...all.keys()].find((name) => name.startsWith("schema/fsl/"))!,
          flip,
        )(all),
      "CORRUPT",
      "schema/fsl/",
    ],
    [
      "that lacks its definitions",
      (all) => void all.delete("schema/collections.ndjson"),
      "CORRUPT",
      "schema/collections.ndjson",
    ],
  ])("%s is refused before the first write", async (_, damage, code, file) => {
    const damaged: Files = new Map(files);
    damage(damaged);
    const folder = await temporaryFolder();
    const store = new FolderStore(folder);
    await fill(store, damaged);
    const target = await bench.emptyDatabase();
    for (const run of [
      () => importArchive({ source: folder, target }),
      () => planImport({ source: folder, target }),
    ]) {
      const error = (await run().then(
        () => ({}),
        (e: unknown) => e,
      )) as { code: string; place: string; hint: string };
      expect(error).toMatchObject({
        code: `ERR_ARCHIVE_${code}`,
        exitStatus: 20,
        hint: expect.any(String),
      });
      expect(error.place).toContain(join(folder, file));
    }
    expect(await bench.definitionsOf(target)).toEqual([]);
    // Verification says the same: as its finding, or that there is nothing to verify.
    const verified = await verifyArchive({ archive: folder, against: source }).then(
      ({ equal, problems }) => ({
        equal,
        codes: problems.map((problem) => problem.code as string),
      }),
      (error: unknown) => ({ equal: false, codes: [(error as { code: string }).code] }),
    );
    expect(verified.equal).toBe(false);
    expect(verified.codes).toContain(`ERR_ARCHIVE_${code}`);
  });

  it("that is a file, or is not there, is said to be so", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "x");
    const target = await bench.emptyDatabase();
    for (const place of [join(folder, "file"), join(folder, "nowhere")]) {
      await expect(importArchive({ source: place, target })).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(FILE_ACCESS|ARCHIVE_INCOMPLETE)$/) as string,
        place: expect.stringContaining(place) as string,
        hint: expect.any(String) as string,
      });
    }
    expect(await bench.definitionsOf(target)).toEqual([]);
  });
});

it("a file in the place of an export's folder is left alone", async () => {
  const path = join(await temporaryFolder(), "file");
  await writeFile(path, "mine");
  await expect(exportDatabase({ source, target: path })).rejects.toMatchObject({
    code: expect.stringMatching(/^ERR_(FILE_ACCESS|TARGET_NOT_EMPTY)$/) as string,
    place: expect.stringContaining(path) as string,
  });
});

it("a full disk ends an export with the place, and without a manifest", async () => {
  const store = new MemoryStore();
  const failing = new FailingStore(store, { failAt: 8, mode: "partial", dead: true });
  await expect(exportDatabase({ source, target: failing })).rejects.toMatchObject({
    code: "ERR_DISK_FULL",
    exitStatus: 13,
  });
  expect([...(await contents(store)).keys()]).not.toContain("manifest.json");
});

it("a dead-letter file that cannot be made ends the import, which can be continued", async () => {
  const legacy = await bench.emptyDatabase();
  for (const name of ["c", "gone"]) {
    await legacy.v4(`{"do":[{"create_collection":{"object":{"name":"${name}"}}},null]}`);
  }
  await legacy.v4(
    '{"do":[{"create":{"ref":{"collection":"c"},"id":"1"},"params":{"object":{"data":{"object":{"to":{"ref":{"collection":"gone"},"id":"1"}}}}}},null]}',
  );
  await legacy.v4('{"do":[{"delete":{"collection":"gone"}},null]}');
  const archive = new MemoryStore();
  await exportDatabase({ source: legacy, target: archive });
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "x");
  const target = await bench.emptyDatabase();
  await expect(
    importArchive({ source: archive, target, deadLetterFile: join(file, "refused.ndjson") }),
  ).rejects.toMatchObject({ code: "ERR_FILE_ACCESS", hint: expect.any(String) });
  const deadLetterFile = `${file}.ndjson`;
  const report = await importArchive({ source: archive, target, deadLetterFile, continue: true });
  expect(report).toMatchObject({ documents: { refused: 1 }, deadLetterFile });
});

function verbs(connection: Connection): [string, () => Promise<unknown>][] {
  return [
    ["export", () => exportDatabase({ source: connection, target: new MemoryStore() })],
    [
      "import",
      async () =>
        importArchive({ source: await fill(new MemoryStore(), files), target: connection }),
    ],
    [
      "verify",
      async () =>
        verifyArchive({ archive: await fill(new MemoryStore(), files), against: connection }),
    ],
  ];
}

function opened(options: { endpoint?: string; secret?: string }): Connection {
  return connect({
    endpoint: bench.endpoint,
    secret: bench.secret,
    retry: { attempts: 1 },
    timeoutMs: 2000,
    ...options,
  });
}

describe("a connection", () => {
  it("with a wrong secret is told apart, without the secret", async () => {
    const secret = "fnAFwrongwrongwrongwrongwrongwrongwrong";
    const connection = opened({ secret });
    for (const [verb, run] of verbs(connection)) {
      const error: unknown = await run().catch((e: unknown) => e);
      expect(error, verb).toMatchObject({
        code: "ERR_UNAUTHORIZED",
        exitStatus: 11,
        place: expect.stringContaining(bench.endpoint) as string,
        hint: expect.any(String) as string,
      });
      expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(secret);
    }
    await connection.close();
  });

  it("to where nothing listens is told apart", async () => {
    const other = await Bench.start();
    const connection = opened({ endpoint: other.endpoint });
    await other[Symbol.asyncDispose]();
    for (const [verb, run] of verbs(connection)) {
      await expect(run(), verb).rejects.toMatchObject({
        code: "ERR_ENDPOINT",
        exitStatus: 10,
        hint: expect.any(String) as string,
      });
    }
    await connection.close();
  });

  it.each([
    [
      "HTML from a proxy",
      {
        status: 502,
        body: "<html><h1>Bad gateway</h1></html>",
        headers: { "content-type": "text/html" },
      },
    ],
    [
      "truncated JSON",
      { status: 200, body: '{"resource":{"da', headers: { "content-type": "application/json" } },
    ],
  ])("that answers %s is told apart", async (_, answer) => {
    const server = await cannedServer({ reply: () => answer });
    const connection = opened({ endpoint: server.endpoint });
    for (const [verb, run] of verbs(connection)) {
      await expect(run(), verb).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(ENDPOINT|PROTOCOL|TRY_AGAIN)$/) as string,
        place: expect.any(String) as string,
      });
    }
    await connection.close();
    await server.close();
  });

  it("with a key that may not see everything is refused before anything is written", async () => {
    const database = await bench.emptyDatabase();
    await buildSchemaRich(database);
    const { dataText } = await bench.root.v10(
      `Key.create({ role: "server", database: "${database.path}" }).secret`,
    );
    const connection = opened({ secret: JSON.parse(dataText) as string });
    const store = new MemoryStore();
    await expect(exportDatabase({ source: connection, target: store })).rejects.toMatchObject({
      code: "ERR_FORBIDDEN",
      exitStatus: 12,
      hint: expect.stringContaining("admin") as string,
    });
    expect((await contents(store)).size).toBe(0);
    await connection.close();
  });
});
