import { describe, expect, it } from "vitest";
import { isMissing, readWhole, type Store, writeWhole } from "../../src/store/store.ts";
import { collect, each } from "../support/generators.ts";

/** What every store must do. An implementation's test file calls this with a way to make an empty one. */
export function storeContract(name: string, makeStore: () => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    it("gives back what was written, however it was chunked", async () => {
      const store = await makeStore();
      const chunks = each([Buffer.from("ab"), Buffer.alloc(0), Buffer.from("c")]);
      expect(await store.write("a/b/file", chunks)).toEqual({ bytes: 3 });
      expect(await read(store, "a/b/file")).toBe("abc");
      expect(await store.size("a/b/file")).toBe(3);
    });

    it("keeps an empty file", async () => {
      const store = await makeStore();
      await store.write("empty", each([]));
      expect(await store.size("empty")).toBe(0);
      expect(await read(store, "empty")).toBe("");
    });

    it("gives back a megabyte byte for byte", async () => {
      const store = await makeStore();
      const content = Buffer.alloc(1_100_000, "0123456789abcdef!");
      await writeWhole(store, "large", content);
      expect((await readWhole(store, "large")).equals(content)).toBe(true);
    });

    it("does not change what was written when the writer uses its buffer again", async () => {
      const store = await makeStore();
      const buffer = new Uint8Array([1]);
      await writeWhole(store, "file", buffer);
      buffer[0] = 2;
      expect([...(await readWhole(store, "file"))]).toEqual([1]);
    });

    it("replaces a file as a whole", async () => {
      const store = await makeStore();
      await writeWhole(store, "file", "the old and longer");
      await writeWhole(store, "file", "new");
      expect(await read(store, "file")).toBe("new");
    });

    it("lists names and sizes, ascending", async () => {
      const store = await makeStore();
      for (const file of ["b", "a/z", "a.b", "a/b/c", "a-b"]) await writeWhole(store, file, file);
      expect(await collect(store.list())).toEqual(
        ["a-b", "a.b", "a/b/c", "a/z", "b"].map((file) => ({ name: file, size: file.length })),
      );
    });

    it("lists only what begins with a prefix", async () => {
      const store = await makeStore();
      for (const file of ["data/a", "data/b", "database", "other"])
        await writeWhole(store, file, "");
      expect(await names(store, "data/")).toEqual(["data/a", "data/b"]);
      expect(await names(store, "data")).toEqual(["data/a", "data/b", "database"]);
    });

    it("is empty before the first write", async () => {
      const store = await makeStore();
      expect(await names(store)).toEqual([]);
      expect(await store.size("file")).toBeUndefined();
    });

    it("reads a range, cut at the end of the file", async () => {
      const store = await makeStore();
      await writeWhole(store, "file", "0123456789");
      const part = async (offset: number, length?: number) =>
        Buffer.concat(
          await collect(store.read("file", length === undefined ? { offset } : { offset, length })),
        ).toString();
      expect(await part(2, 3)).toBe("234");
      expect(await part(7)).toBe("789");
      expect(await part(8, 100)).toBe("89");
      expect(await part(10, 1)).toBe("");
      expect(await part(50)).toBe("");
      expect(await part(0, 0)).toBe("");
    });

    it("says that a file is missing", async () => {
      const store = await makeStore();
      const error: unknown = await readWhole(store, "nowhere").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "ERR_FILE_ACCESS" });
      expect(isMissing(error)).toBe(true);
    });

    it("removes a file, and does not mind when there is none", async () => {
      const store = await makeStore();
      await writeWhole(store, "a/file", "x");
      await store.remove("a/file");
      await store.remove("a/file");
      await store.remove("b/file");
      expect(await names(store)).toEqual([]);
    });

    it("keeps nothing of a write whose source failed", async () => {
      const store = await makeStore();
      await expect(store.write("file", failing())).rejects.toThrow("injected");
      expect(await names(store)).toEqual([]);
      expect(await store.size("file")).toBeUndefined();
    });

    it("keeps the old file when the write of a new one failed", async () => {
      const store = await makeStore();
      await writeWhole(store, "file", "old");
      await expect(store.write("file", failing())).rejects.toThrow("injected");
      expect(await read(store, "file")).toBe("old");
    });

    it("keeps nothing of a write that was aborted, and throws the signal's reason", async () => {
      const store = await makeStore();
      const controller = new AbortController();
      const source = (async function* () {
        yield Buffer.from("half");
        controller.abort(new Error("stopped"));
        yield Buffer.from("other half");
      })();
      const { signal } = controller;
      await expect(store.write("file", source, { signal })).rejects.toThrow("stopped");
      await expect(store.write("file", each([]), { signal })).rejects.toThrow("stopped");
      expect(await names(store)).toEqual([]);
    });

    it("takes writes of many files at once", async () => {
      const store = await makeStore();
      const files = Array.from({ length: 20 }, (_, n) => `folder/${String(n).padStart(2, "0")}`);
      await Promise.all(files.map((file) => writeWhole(store, file, file)));
      expect(await names(store)).toEqual(files);
      expect(await read(store, "folder/07")).toBe("folder/07");
    });

    it("never replaces a file by an exclusive write", async () => {
      const store = await makeStore();
      await writeWhole(store, "a/file", "first", { exclusive: true });
      const second = writeWhole(store, "a/file", "second", { exclusive: true });
      await expect(second).rejects.toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
      expect(await read(store, "a/file")).toBe("first");
      expect(await names(store)).toEqual(["a/file"]);
    });

    it("lets one of several exclusive writes at once succeed", async () => {
      const store = await makeStore();
      const writes = ["a", "b", "c", "d", "e"].map((content) =>
        writeWhole(store, "file", content, { exclusive: true }).then(() => content),
      );
      const outcomes = await Promise.allSettled(writes);
      const won = outcomes.flatMap((outcome) =>
        outcome.status === "fulfilled" ? [outcome.value] : [],
      );
      expect(won).toHaveLength(1);
      expect(await read(store, "file")).toBe(won[0]);
    });

    it("keeps names apart that look alike", async () => {
      const store = await makeStore();
      for (const file of ["é", "e", "ü~1", " x", "a b", "100%"])
        await writeWhole(store, file, file);
      for (const file of ["é", "e", "ü~1", " x", "a b", "100%"])
        expect(await read(store, file)).toBe(file);
    });

    it.each([
      "",
      "/etc/passwd",
      "../outside",
      "a/../../outside",
      "a/..",
      ".",
      "a//b",
      "a/",
      "a\u0000b",
      "a\\..\\b",
      "C:file",
      "x".repeat(256),
      ".file.0123456789ab.tmp",
    ])("refuses the name %j", async (file) => {
      const store = await makeStore();
      const refused = { code: "ERR_ARCHIVE_UNSAFE" };
      await expect(writeWhole(store, file, "x")).rejects.toMatchObject(refused);
      await expect(readWhole(store, file)).rejects.toMatchObject(refused);
      await expect(store.remove(file)).rejects.toMatchObject(refused);
      await expect(store.size(file)).rejects.toMatchObject(refused);
    });
  });
}

async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from("half");
  throw new Error("injected");
}

async function read(store: Store, file: string): Promise<string> {
  return (await readWhole(store, file)).toString();
}

async function names(store: Store, prefix?: string): Promise<string[]> {
  return (await collect(store.list(prefix))).map((file) => file.name);
}
