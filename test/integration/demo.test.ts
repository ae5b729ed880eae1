/** The demo, as a process of its own. */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEMO_CONTRACT } from "../../src/cli/contracts.ts";
import { temporaryFolder } from "../support/folders.ts";
import { type Installed, installPackage } from "../support/installed.ts";

let installed: Installed;
beforeAll(() => {
  installed = installPackage();
});
afterAll(() => installed.remove());

describe("fauna-ark demo", () => {
  it("ends with source and copy equal, twice in one folder, and says where to look", async () => {
    const out = join(await temporaryFolder(), "out");
    for (const _ of [1, 2]) {
      const { status, stdout, stderr } = await installed.run(["demo", "--out", out]);
      expect(status, stderr).toBe(0);
      expect(stdout).toContain("Exported 4,709 documents");
      expect(stdout).toContain("Imported 4,709 of 4,709 documents");
      expect(stdout).toContain("equal: counts, fingerprints and schema");
      expect(stdout).toContain("Where to look next");
      expect(stdout).toContain(`${out}/archive/manifest.json`);
    }
    const { status } = await installed.run(["verify", join(out, "archive")]);
    expect(status).toBe(0);
  });

  it("empties no folder that is not its own", async () => {
    const out = join(await temporaryFolder(), "mine");
    await mkdir(out);
    await writeFile(join(out, "diary.txt"), "dear diary");
    const { status, stderr } = await installed.run(["demo", "--out", out]);
    expect(status).toBe(2);
    expect(stderr).toContain("ERR_TARGET_NOT_EMPTY");
    expect(await readdir(out)).toEqual(["diary.txt"]);
    expect(await readFile(join(out, "diary.txt"), "utf8")).toBe("dear diary");
  });

  it("prints one JSON document with --json", async () => {
    const out = join(await temporaryFolder(), "out");
    const { status, stdout } = await installed.run(["demo", "--json", "--out", out]);
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as Record<string, { equal?: boolean }>;
    expect(Object.keys(report)).toEqual(Object.keys(DEMO_CONTRACT.members));
    expect(report["copy"]!.equal).toBe(true);
  });
});
