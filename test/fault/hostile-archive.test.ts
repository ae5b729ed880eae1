/**
 * Archives that are damaged or meant to do harm: everything that `verify` and `import` look at is found, with file and
 * offset, before the target is sent anything. The archive has every kind of definition and two segments, and is sealed.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import type { Compression, Manifest } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { FolderStore, MemoryStore } from "../../src/store/store.ts";
import { Fingerprint } from "../../src/values/fingerprint.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { identity } from "../support/age.ts";
import { contents, fill, writeRecords, writeSample } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { buildEverything, EVERYTHING } from "../support/everything.ts";
import { type Files, findings, forged, type Json, lies } from "../support/hostile.ts";
import { temporaryFolder } from "../support/folders.ts";
import { Points } from "../support/points.ts";
import { plainRecords } from "../support/records.ts";

let files: Map<string, Buffer>;
/** Those that the manifest names. */
let named: [string, Buffer][];
/** The manifest and what belongs to it. */
let ofManifest: [string, Buffer][];

const isOfManifest = (name: string) => name.startsWith("manifest.json");

beforeAll(async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildEverything(source);
  for (const k of [1, 2]) await source.v10(`C.byId("50")!.update({ k: ${k} })`);
  const archive = new MemoryStore();
  const { segments, history } = await exportDatabase({
    source,
    target: archive,
    history: true,
    ...EVERYTHING,
  });
  expect(segments).toBeGreaterThan(2);
  expect(history?.versions).toBeGreaterThan(1);
  expect(await verifyArchive({ archive, unlock: identity })).toMatchObject({
    equal: true,
    opened: true,
  });
  files = await contents(archive);
  named = [...files].filter(([name]) => !isOfManifest(name));
  ofManifest = [...files].filter(([name]) => isOfManifest(name));
  expect(named.length).toBeGreaterThan(15);
  expect(ofManifest.length).toBe(2);
});

/** Damages all files of which there is so much, and makes sure that each is named. */
async function each(damaged: readonly (readonly [string, Uint8Array])[]): Promise<void> {
  const found = await findings(new Map<string, Uint8Array>([...files, ...damaged]));
  expect(found).toEqual(damaged.map(([name]) => name).toSorted());
}

/** The manifest's digest is one with the manifest. */
async function ofTheManifest(damaged: Files): Promise<void> {
  expect(await findings(damaged)).toEqual(["manifest.json"]);
}

const replaced = (name: string, bytes: Uint8Array): Files => new Map([...files, [name, bytes]]);

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1 << (at % 8);
  return copy;
}

const longest = (of: readonly (readonly [string, Buffer])[]) =>
  Math.max(...of.map(([, bytes]) => bytes.length));

/** The n-th point is that byte of every file that has so many. */
async function everyByte(
  suite: string,
  stride: number,
  damage: (bytes: Buffer, at: number) => Buffer,
): Promise<void> {
  const points = new Points(suite, stride);
  for (const at of points.numbers(longest(named))) {
    const those = named.filter(([, bytes]) => at < bytes.length);
    await points.try(
      `byte ${at} of ${those.length} files`,
      () => each(those.map(([name, bytes]) => [name, damage(bytes, at)])),
      those.length,
    );
  }
  for (const [name, bytes] of ofManifest) {
    for (const at of points.numbers(bytes.length)) {
      await points.try(`byte ${at} of ${name}`, () =>
        ofTheManifest(replaced(name, damage(bytes, at))),
      );
    }
  }
  points.end();
}

describe("in an archive, verify and import find with file and offset, and before the first write,", () => {
  it("every byte that is flipped, in every file, the manifest included", () =>
    everyByte("hostile archive, a byte flipped", 23, flipped));

  it("every length at which a file is cut off", () =>
    everyByte("hostile archive, a file cut off", 23, (bytes, at) => bytes.subarray(0, at)));

  it("every file that is missing, doubled in itself, or emptied", async () => {
    const points = new Points("hostile archive, a file missing, doubled, emptied", 3);
    const damages: [string, (bytes: Buffer) => Buffer | undefined][] = [
      ["missing", () => undefined],
      ["doubled", (bytes) => Buffer.concat([bytes, bytes])],
      ["emptied", () => Buffer.alloc(0)],
    ];
    for (const [how, damage] of damages) {
      const those = [...files];
      for (const i of points.numbers(those.length)) {
        const [name, bytes] = those[i]!;
        const damaged = new Map<string, Uint8Array>(files);
        const result = damage(bytes);
        if (result === undefined) damaged.delete(name);
        else damaged.set(name, result);
        await points.try(`${name} ${how}`, async () =>
          expect(await findings(damaged)).toEqual([isOfManifest(name) ? "manifest.json" : name]),
        );
      }
    }
    points.end();
  });

  it("every two files that are swapped, and every file in the place of another", async () => {
    const points = new Points("hostile archive, files swapped and put in another's place", 19);
    const those = [...files];
    for (const n of points.numbers(those.length ** 2)) {
      const [name, bytes] = those[Math.floor(n / those.length)]!;
      const [other, otherBytes] = those[n % those.length]!;
      if (bytes.equals(otherBytes)) continue;
      await points.try(`${other} in the place of ${name}`, async () => {
        const blamed = isOfManifest(name) ? "manifest.json" : name;
        expect(await findings(replaced(name, otherBytes))).toEqual([blamed]);
      });
      if (name > other) continue;
      await points.try(`${name} and ${other} swapped`, async () => {
        const both = [name, other].some(isOfManifest) ? ["manifest.json"] : [name, other];
        const swapped = new Map<string, Uint8Array>([...files, [name, otherBytes], [other, bytes]]);
        expect(await findings(swapped)).toEqual(both.toSorted());
      });
    }
    points.end();
  });

  it("every lie of a manifest whose digest fits, but for what is only said", async () => {
    const points = new Points("hostile archive, a lie in the manifest", 23);
    const manifest = JSON.parse(files.get("manifest.json")!.toString()) as Manifest;
    const all = [...lies(manifest as Json)].filter(
      ({ name }) => !SAID.some((said) => said.test(name)),
    );
    for (const n of points.numbers(all.length)) {
      const lie = all[n]!;
      await points.try(lie.name, async () => {
        expect((await findings(forged(files, lie.manifest))).length).toBeGreaterThan(0);
      });
    }
    points.end();
  });

  it("every lie about a segment that all sums are made to fit", async () => {
    const points = new Points("hostile archive, a lie about a segment and its sums", 7);
    const manifest = JSON.parse(files.get("manifest.json")!.toString()) as Manifest;
    const places = manifest.databases.flatMap(({ collections }, i) =>
      collections.flatMap(({ segments }, j) => segments.map((_, k) => [i, j, k] as const)),
    );
    const all = places.flatMap(([i, j, k]) => {
      const segment = manifest.databases[i]!.collections[j]!.segments[k]!;
      return [...lies(segment as unknown as Json)].map((lie) => ({
        ...lie,
        at: [i, j, k] as const,
      }));
    });
    for (const n of points.numbers(all.length)) {
      const { name, manifest: segment, at } = all[n]!;
      const [i, j, k] = at;
      const changed = structuredClone(manifest);
      changed.databases[i]!.collections[j]!.segments[k] = segment as never;
      addUp(changed);
      await points.try(`segment ${at.join(".")}: ${name}`, async () => {
        expect((await findings(forged(files, changed))).length).toBeGreaterThan(0);
      });
    }
    points.end();
  });
});

/** What nothing in an archive can be held against: what is said of where it comes from, and of settings. */
const SAID = [
  /^(about|options|source|tool|created|fidelity)\b/,
  /^(databases\.0\.folder|about) is empty$/,
  /(historyDays|ttlDays) is (one more|one less|beyond what counts|negative)$/,
  /^(features|encryption\.recipients) has \d twice$/,
  /^features is turned around$/,
  // From when on there is history, and whether there is any where it is empty.
  /history\.from ends otherwise$/,
  /^databases\.\d+\.collections\.\d+ lacks history$/,
  // The name of an FSL file on the server.
  /schema\.\d+\.name (ends otherwise|climbs out|is empty)$/,
  // The order of schema files, and files without a counted definition, which are then unlisted.
  /schema (is turned around|lacks \d+)$/,
];

/** Makes every sum over segments what it would be. */
function addUp({ databases, totals }: Manifest): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  for (const collection of databases.flatMap(({ collections }) => collections)) {
    const { segments } = collection;
    const whole = new Fingerprint();
    try {
      for (const { fingerprint } of segments) whole.merge(Fingerprint.parse(fingerprint));
    } catch {
      // A lie that is no fingerprint has no sum.
    }
    Object.assign(collection, {
      documents: sum(segments.map(({ records }) => records)),
      plainBytes: sum(segments.map(({ plainBytes }) => plainBytes)),
      storedBytes: sum(segments.map(({ storedBytes }) => storedBytes)),
      fingerprint: whole.toJSON(),
    });
  }
  const collections = databases.flatMap((database) => database.collections);
  Object.assign(totals, {
    documents: sum(collections.map(({ documents }) => documents)),
    plainBytes: sum(collections.map(({ plainBytes }) => plainBytes)),
    storedBytes: sum(collections.map(({ storedBytes }) => storedBytes)),
  });
}

describe.runIf(process.platform !== "win32")("in the folder of an archive,", () => {
  /** Writes the archive to a folder of its own. */
  async function folderOf(all: Files): Promise<string> {
    const folder = join(await temporaryFolder(), "archive");
    await fill(new FolderStore(folder), all);
    return folder;
  }

  /** What may stand where a file was. */
  const IN_PLACE: readonly [string, (path: string, elsewhere: string) => Promise<unknown>][] = [
    ["a folder", (path) => mkdir(path)],
    ["a link to a file elsewhere", (path, elsewhere) => symlink(elsewhere, path)],
    ["a link to nothing", (path) => symlink("nothing", path)],
    ["a link to itself", (path) => symlink(basename(path), path)],
    ["a link to a device", (path) => symlink("/dev/zero", path)],
    ["a pipe that nobody writes to", (path) => promisify(execFile)("mkfifo", [path])],
  ];

  it("whatever is in the place of a file is found, and nothing outside is read", async () => {
    const points = new Points("hostile archive, something else in a file's place", 13);
    const folder = await folderOf(files);
    const elsewhere = join(await temporaryFolder(), "copy");
    const cases = [...files].flatMap((file) => IN_PLACE.map((what) => [...file, ...what] as const));
    for (const n of points.numbers(cases.length)) {
      const [name, bytes, what, put] = cases[n]!;
      const path = join(folder, name);
      await rm(path);
      await writeFile(elsewhere, bytes);
      await put(path, elsewhere);
      await points.try(`${what} in the place of ${name}`, async () => {
        const found = await findings(new FolderStore(folder));
        expect(found).toEqual([
          isOfManifest(name) ? expect.stringContaining("manifest.json") : name,
        ]);
      });
      await rm(path, { recursive: true });
      await writeFile(path, bytes);
    }
    points.end();
  });

  it("a folder that is a link to elsewhere is refused", async () => {
    const folder = await folderOf(files);
    const elsewhere = join(await temporaryFolder(), "elsewhere");
    await rename(join(folder, "data"), elsewhere);
    await symlink(elsewhere, join(folder, "data"));
    const found = await findings(new FolderStore(folder));
    expect(found).toEqual([...files.keys()].filter((name) => name.startsWith("data/")).toSorted());
  });

  it("a manifest of terabytes is not read", async () => {
    const folder = await folderOf(files);
    for (const name of ["manifest.json", "manifest.json.sha256"]) {
      await truncate(join(folder, name), 2 ** 40);
      expect(await findings(new FolderStore(folder))).toEqual([name]);
      await writeFile(join(folder, name), files.get(name)!);
    }
  });
});

describe("a bomb is not unpacked, by verify nor by import:", () => {
  /** What is in the place of the one segment, and how it is said to be compressed. */
  async function bomb(compression: Compression, stored: Uint8Array): Promise<string[]> {
    const store = new MemoryStore();
    await writeRecords(store, [plainRecords(2)], { compression });
    const all = await contents(store);
    const manifest = JSON.parse(all.get("manifest.json")!.toString()) as Manifest;
    const segment = manifest.databases[0]!.collections[0]!.segments[0]!;
    const sha256 = createHash("sha256").update(stored).digest("hex");
    Object.assign(segment, { storedBytes: stored.length, sha256 });
    addUp(manifest);
    const { file } = segment;
    expect(await findings(forged(new Map([...all, [file, stored]]), manifest))).toEqual([file]);
    // Said to be of a size that memory must not be asked for.
    Object.assign(segment, { plainBytes: 2 ** 40 });
    addUp(manifest);
    return findings(forged(new Map([...all, [file, stored]]), manifest));
  }

  const ZEROS = Buffer.alloc(200 * 1024 * 1024);

  it("of gzip", async () => {
    expect(await bomb("gzip", gzipSync(ZEROS, { level: 1 }))).toEqual([expect.any(String)]);
  });

  const zstd = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };
  it.runIf(zstd.zstdCompressSync !== undefined)("of zstd (Node 22.15 or newer)", async () => {
    expect(await bomb("zstd", zstd.zstdCompressSync!(ZEROS))).toEqual([expect.any(String)]);
  });

  it("of a schema file without end", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    const all = await contents(store);
    const manifest = JSON.parse(all.get("manifest.json")!.toString()) as Manifest;
    const entry = manifest.databases[0]!.schema.find(({ kind }) => kind === "fsl")!;
    const stored = ZEROS.subarray(0, 70 * 1024 * 1024);
    const sha256 = createHash("sha256").update(stored).digest("hex");
    Object.assign(entry, { bytes: stored.length, sha256 });
    expect(await findings(forged(new Map([...all, [entry.file, stored]]), manifest))).toEqual([
      entry.file,
    ]);
  });
});
