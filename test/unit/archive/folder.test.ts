import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkArchive, createArchive, openArchive } from "../../../src/archive/archive.ts";
import { FolderStore } from "../../../src/store/store.ts";
import { options, writeSample } from "../../support/archives.ts";
import { temporaryFolder } from "../../support/folders.ts";
import { NASTY_LINES } from "../../support/records.ts";

/** Whether this machine has a program. Where it lacks one, the same is proven by `golden.test.ts`. */
function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("an archive in a folder", () => {
  it("is a tree of plain files that passes the check", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const store = new FolderStore(folder);
    await writeSample(store);
    expect((await checkArchive(store)).problems).toEqual([]);
    expect((await readdir(folder)).toSorted()).toEqual([
      "data",
      "manifest.json",
      "manifest.json.sha256",
      "schema",
    ]);
  });

  it("is begun by one of two exports that start in the same folder at once", async () => {
    const store = new FolderStore(await temporaryFolder());
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => createArchive(store, options())));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
  });

  it("says that it cannot be opened when its place is a file", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(openArchive(new FolderStore(file))).rejects.toMatchObject({
      code: "ERR_FILE_ACCESS",
    });
    await expect(createArchive(new FolderStore(file), options())).rejects.toMatchObject({
      code: "ERR_FILE_ACCESS",
    });
  });

  it.runIf(["jq", "zcat", "sha256sum"].every(has))(
    "is read and proven by the commands of docs/ARCHIVE_FORMAT.md",
    async () => {
      const folder = await temporaryFolder();
      const manifest = await writeSample(new FolderStore(folder));
      const order = manifest.databases[0]?.collections.find(({ name }) => name === "Order");
      const docs = join(import.meta.dirname, "../../../docs/ARCHIVE_FORMAT.md");
      const [, block = ""] = /```sh\n([^]*?)```/.exec(await readFile(docs, "utf8")) ?? [];
      const script = block
        .replace("cd my-archive", `set -e; cd '${folder}'`)
        .replaceAll("data/users/", order?.folder ?? "")
        .replace('"1000"', '"1003"');
      const output = execFileSync("bash", ["-c", script], { encoding: "utf8" });
      expect(output).toContain("manifest.json: OK");
      expect(output).toContain("data/nasty/0000000000000000000.ndjson.gz: OK");
      expect(output).toContain("nasty\t16\tdata/nasty/");
      expect(output).toContain("collection Order {");
      expect(output.match(/^\{"id":"1003".*$/gm)).toHaveLength(1);
      const lines = execFileSync("bash", ["-c", `zcat '${folder}'/data/nasty/*.gz`], {
        encoding: "utf8",
      });
      expect(lines.split("\n").slice(0, -1)).toEqual(NASTY_LINES);
    },
  );
});
