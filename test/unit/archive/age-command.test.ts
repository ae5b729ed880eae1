import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkArchive } from "../../../src/archive/archive.ts";
import { FolderStore } from "../../../src/store/store.ts";
import {
  ageInstalled,
  identity,
  recipients,
  TEST_IDENTITY_FILE,
  TEST_RECIPIENT,
} from "../../support/age.ts";
import { contents, writeRecords, writeSample } from "../../support/archives.ts";
import { temporaryFolder } from "../../support/folders.ts";
import { collect } from "../../support/generators.ts";
import { plainRecords } from "../../support/records.ts";

const age = (args: readonly string[], input?: Buffer) =>
  execFileSync("age", args, { input, maxBuffer: 2 ** 26 });

describe.runIf(ageInstalled())("the age command", () => {
  it("opens every file that is written", async () => {
    const place = join(await temporaryFolder(), "archive");
    const store = new FolderStore(place);
    await writeSample(store, { encryption: { ...recipients, encryptManifest: true } });
    const files = await collect(store.list());
    expect(files.filter(({ name }) => !name.endsWith(".age")).map(({ name }) => name)).toEqual([
      "manifest.json.age.sha256",
    ]);
    execFileSync("sha256sum", ["-c", "manifest.json.age.sha256"], { cwd: place });
    const open = (name: string) => age(["-d", "-i", TEST_IDENTITY_FILE, join(place, name)]);
    const manifest = JSON.parse(open("manifest.json.age").toString());
    for (const entry of manifest.databases[0].schema) {
      const text = open(entry.file).toString();
      if (entry.kind !== "fsl-staged" && entry.name === "main.fsl") expect(text).toContain("Order");
      else if (entry.kind !== "fsl" && entry.kind !== "fsl-staged")
        expect(text.split("\n")).toHaveLength(entry.definitions + 1);
    }
    for (const { segments } of manifest.databases[0].collections)
      for (const { file, openedBytes, plainBytes } of segments) {
        const opened = open(file);
        expect(opened).toHaveLength(openedBytes);
        expect(zlib.gunzipSync(opened)).toHaveLength(plainBytes);
      }
  });

  it("writes what is read", async () => {
    const place = join(await temporaryFolder(), "archive");
    const store = new FolderStore(place);
    await writeRecords(store, [plainRecords(3, 1)], { encryption: recipients });
    const files = await contents(store);
    const manifest = JSON.parse(files.get("manifest.json")!.toString());
    const [segment] = manifest.databases[0].collections[0].segments;
    const opened = age(["-d", "-i", TEST_IDENTITY_FILE], files.get(segment.file));
    const sealed = age(["-r", TEST_RECIPIENT], opened);
    segment.sha256 = createHash("sha256").update(sealed).digest("hex");
    const collection = manifest.databases[0].collections[0];
    segment.storedBytes = sealed.length;
    collection.storedBytes = sealed.length;
    manifest.totals.storedBytes = sealed.length;
    const text = JSON.stringify(manifest);
    const digest = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(place, segment.file), sealed);
    writeFileSync(join(place, "manifest.json"), text);
    writeFileSync(join(place, "manifest.json.sha256"), `${digest}  manifest.json\n`);
    const report = await checkArchive(store, { unlock: identity });
    expect(report).toMatchObject({ problems: [], opened: true, documents: 3 });
  });
});
