import { randomBytes } from "node:crypto";
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { ArkError, isArkError } from "../errors/errors.ts";
import { fileError, occupied } from "./file-error.ts";
import { Grouped } from "./grouped.ts";
import { isTemporary, safeName } from "./names.ts";
import type { ByteRange, Store, StoredFile, WriteOptions } from "./store.ts";

const READ_BYTES = 256 * 1024;

/**
 * A folder of the file system.
 *
 * A write goes to `.<name>.<random>.tmp` in the target's own folder, is synced, renamed, and the
 * folder synced, so that after a power cut the name stands for the whole file or for what it stood
 * for before. Folders are made as needed and synced into their parents. Symbolic links are followed
 * only while they stay inside the folder.
 */
export class FolderStore implements Store {
  /** The folder's absolute path. */
  readonly place: string;
  /** The same with its symbolic links resolved, once it is there. */
  #root: string | undefined;
  /** Each file's name has to be durable, but of those that appear together once is enough. */
  readonly #sync = new Grouped(syncFolder);
  readonly #tidy = new Grouped((folder) => this.#afterRemoval(folder));

  constructor(folder: string) {
    this.place = resolve(folder);
  }

  async *list(prefix = ""): AsyncGenerator<StoredFile, void, undefined> {
    for await (const { name, isLink } of this.#names("")) {
      if (!name.startsWith(prefix)) continue;
      const size = isLink ? await this.size(name) : await sizeOf(this.#path(name));
      if (size !== undefined) yield { name, size };
    }
  }

  async *read(
    name: string,
    { offset, length = Infinity }: ByteRange = { offset: 0 },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const path = this.#path(name);
    let handle: FileHandle | undefined;
    try {
      const real = await this.#real(path);
      await refuseSpecial(real, path);
      handle = await open(real);
      let at = offset;
      const end = offset + length;
      while (at < end) {
        // A fresh buffer each time: the consumer may keep what it got.
        const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw fileError(error, "read", path);
    } finally {
      await handle?.close();
    }
  }

  async write(
    name: string,
    source: AsyncIterable<Uint8Array>,
    { signal, exclusive = false }: WriteOptions = {},
  ): Promise<{ bytes: number }> {
    const path = this.#path(name);
    const folder = dirname(path);
    const random = randomBytes(6).toString("hex");
    const temporary = join(folder, `.${basename(path).slice(0, 50)}.${random}.tmp`);
    signal?.throwIfAborted();
    let handle: FileHandle | undefined;
    try {
      await this.#ready(folder);
      handle = await openNew(temporary);
      let bytes = 0;
      for await (const chunk of source) {
        signal?.throwIfAborted();
        await writeAll(handle, chunk);
        bytes += chunk.length;
      }
      signal?.throwIfAborted();
      await handle.sync();
      await handle.close();
      await (exclusive ? putExclusively(temporary, path) : rename(temporary, path));
      await this.#sync.run(folder);
      return { bytes };
    } catch (error) {
      await handle?.close().catch(() => {});
      if (handle !== undefined) await rm(temporary, { force: true }).catch(() => {});
      throw fileError(error, "write", path);
    }
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    try {
      await this.#real(dirname(path));
      await rm(path);
      await this.#tidy.run(dirname(path));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw fileError(error, "remove", path);
    }
  }

  async size(name: string): Promise<number | undefined> {
    const path = this.#path(name);
    try {
      return await sizeOf(await this.#real(path));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw fileError(error, "look at", path);
    }
  }

  async removeUnfinished(): Promise<void> {
    try {
      const entries = await readdir(this.place, { recursive: true, withFileTypes: true });
      for (const { name, parentPath } of entries)
        if (isTemporary(name)) await rm(join(parentPath, name), { force: true });
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw fileError(error, "clean up", this.place);
    }
  }

  /** Makes sure that a folder is there, inside the store. */
  async #ready(folder: string): Promise<void> {
    try {
      await this.#real(folder);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      await makeFolder(folder);
      await this.#real(folder);
    }
  }

  async #afterRemoval(folder: string): Promise<void> {
    await syncFolder(folder);
    if (folder !== this.place) await rmdir(folder).catch(() => {});
  }

  #path(name: string): string {
    return join(this.place, ...safeName(name, this.place).split("/"));
  }

  /** `path` with its symbolic links resolved, provided that it is still inside the store. */
  async #real(path: string): Promise<string> {
    // Should the store itself become another folder meanwhile, then nothing is inside of what it was.
    const root = (this.#root ??= await realpath(this.place));
    const real = await realpath(path);
    const inside = root.endsWith(sep) ? root : root + sep;
    if (real === root || real.startsWith(inside)) return real;
    throw new ArkError("ERR_ARCHIVE_UNSAFE", "a symbolic link leads out of the folder", {
      place: path,
      hint: "Replace the link by the file itself.",
    });
  }

  /** Names below the folder `below` ("" or ending in a slash), ascending. */
  async *#names(
    below: string,
  ): AsyncGenerator<{ readonly name: string; readonly isLink: boolean }, void, undefined> {
    const path = join(this.place, below);
    let entries;
    try {
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw fileError(error, "list", path);
    }
    // A folder sorts as its name with the slash, which makes the walk ascending as a whole.
    const found = entries
      .filter((entry) => !isTemporary(entry.name))
      .map((entry) => ({
        name: below + (entry.isDirectory() ? `${entry.name}/` : entry.name),
        isLink: entry.isSymbolicLink(),
      }));
    for (const each of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (each.name.endsWith("/")) yield* this.#names(each.name);
      else yield each;
    }
  }
}

/** The bytes of a file; undefined when it is none, or there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw fileError(error, "look at", path);
  }
}

/** To open a pipe waits for somebody to write to it, and a device may have no end. */
async function refuseSpecial(real: string, path: string): Promise<void> {
  const found = await stat(real);
  if (found.isFile() || found.isDirectory()) return;
  throw new ArkError("ERR_FILE_ACCESS", "cannot read: it is a pipe or a device, not a file", {
    place: path,
    hint: "Replace it by the file itself.",
  });
}

/** Gives a file its name only if nothing has it. */
async function putExclusively(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw occupied(path, error);
    if (!["EPERM", "ENOTSUP", "ENOSYS"].some((code) => hasCode(error, code))) throw error;
    // This file system has no hard links; what is left is not proof against another at the same moment.
    if ((await stat(path).catch(() => undefined)) !== undefined) throw occupied(path, error);
    await rename(temporary, path);
    return;
  }
  await rm(temporary);
}

/** Makes a file. Its folder is made again should a removal at the same moment have found it empty. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    await makeFolder(dirname(path));
    return await open(path, "wx");
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}

/**
 * Makes a folder and its parents, each durable in its own parent. Node's own recursive `mkdir` is
 * not used: it never ends where making a folder answers ENOENT in an existing one, as in /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  if (await makeOne(folder)) return;
  await makeFolder(dirname(folder));
  if (!(await makeOne(folder))) await mkdir(folder);
}

/** Whether the folder is there now; false when its parent is missing. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    if (hasCode(error, "EEXIST")) return true;
    if (hasCode(error, "ENOENT") && dirname(folder) !== folder) return false;
    throw error;
  }
  return true;
}

/** Makes renames and removals in a folder durable. Windows cannot, and needs not, sync a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return !isArkError(error) && error instanceof Error && "code" in error && error.code === code;
}
