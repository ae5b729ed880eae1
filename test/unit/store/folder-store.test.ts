import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FolderStore, readWhole, writeWhole } from "../../../src/store/store.ts";
import { temporaryFolder } from "../../support/folders.ts";
import { collect } from "../../support/generators.ts";

describe("FolderStore", () => {
  it("leaves no temporary file behind, neither after success nor after failure", async () => {
    const folder = await temporaryFolder();
    const store = new FolderStore(folder);
    await writeWhole(store, "good", "x");
    const broken = (async function* () {
      yield Buffer.from("half");
      throw new Error("broken");
    })();
    await expect(store.write("bad", broken)).rejects.toThrow("broken");
    expect(await readdir(folder)).toEqual(["good"]);
  });

  it("shows a file under its name only when it is whole", async () => {
    const folder = await temporaryFolder();
    const store = new FolderStore(folder);
    const source = (async function* () {
      yield Buffer.from("half");
      const [temporary] = await readdir(folder);
      expect(temporary).toMatch(/^\.file\.[0-9a-f]{12}\.tmp$/);
      expect(await store.size("file")).toBeUndefined();
      expect(await collect(store.list())).toEqual([]);
      yield Buffer.from("whole");
    })();
    await store.write("file", source);
    expect((await readWhole(store, "file")).toString()).toBe("halfwhole");
  });

  it("never lists what a killed process left behind", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, ".manifest.json.00ff00ff00ff.tmp"), "half");
    expect(await collect(new FolderStore(folder).list())).toEqual([]);
  });

  it("removes what killed processes left behind, wherever it lies, and nothing else", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "data/c"), { recursive: true });
    for (const name of [".run.json.00ff00ff00ff.tmp", "data/c/.0.00ff00ff00fe.tmp", "data/c/0.gz"])
      await writeFile(join(folder, name), "half");
    await new FolderStore(folder).removeUnfinished();
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
      "data",
      "data/c",
      "data/c/0.gz",
    ]);
    await new FolderStore(join(folder, "missing")).removeUnfinished();
  });

  it("refuses to read, write, remove or list through a link that leads out", async () => {
    const folder = await temporaryFolder();
    const outside = await temporaryFolder();
    await writeFile(join(outside, "secret"), "secret");
    await symlink(outside, join(folder, "folder"));
    await symlink(join(outside, "secret"), join(folder, "file"));
    const store = new FolderStore(folder);
    const refused = { code: "ERR_ARCHIVE_UNSAFE" };
    await expect(readWhole(store, "file")).rejects.toMatchObject(refused);
    await expect(readWhole(store, "folder/secret")).rejects.toMatchObject(refused);
    await expect(writeWhole(store, "folder/new", "x")).rejects.toMatchObject(refused);
    await expect(store.remove("folder/secret")).rejects.toMatchObject(refused);
    await expect(collect(store.list())).rejects.toMatchObject(refused);
    expect(await readdir(outside)).toEqual(["secret"]);
  });

  it("follows a link that stays inside", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "inside");
    await symlink(join(folder, "file"), join(folder, "link"));
    expect((await readWhole(new FolderStore(folder), "link")).toString()).toBe("inside");
  });

  it("says where and what to do when the system refuses", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "folder"));
    await writeFile(join(folder, "file"), "");
    const store = new FolderStore(folder);
    await expect(readWhole(store, "folder")).rejects.toMatchObject({
      code: "ERR_FILE_ACCESS",
      place: join(folder, "folder"),
      hint: expect.any(String),
    });
    await expect(writeWhole(store, "file/below", "x")).rejects.toMatchObject({
      code: "ERR_FILE_ACCESS",
      place: join(folder, "file", "below"),
      hint: expect.any(String),
    });
  });

  it.runIf(process.platform === "linux")("cannot write where not even root may", async () => {
    await expect(writeWhole(new FolderStore("/proc"), "archive/file", "x")).rejects.toMatchObject({
      code: "ERR_FILE_ACCESS",
    });
  });
});
