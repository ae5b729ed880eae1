/** Where Fauna's own export puts its files, and what they look like (facts §9.2). */
import { createWriteStream } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface FileOptions {
  readonly format: "json" | "jsonl";
  readonly compressed: boolean;
}

/** What a file's name ends with. */
export const extensionOf = ({ format, compressed }: FileOptions): string =>
  compressed ? `${format}.gz` : format;

/** Text of one file, after which another one begins; Fauna's limit is as soft. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** The folder of an export, which cannot lead out of `folder` whatever its id is. */
export function exportFolder(folder: string, exportId: string, taskId: string): string {
  const account = join(folder, "core_out", "0");
  const named = join(account, `export_${exportId}`, taskId);
  const inside =
    relative(account, named).split(sep).length >= 2 && !relative(account, named).startsWith("..");
  return inside && !exportId.includes("\0")
    ? named
    : join(account, `export_${encodeURIComponent(exportId).replaceAll(".", "%2E")}`, taskId);
}

/**
 * Writes the lines of one collection below `folder`: as many files as it takes, none for none.
 *
 * @returns how many files and bytes of text were written
 */
export async function writeCollection(
  folder: string,
  name: string,
  lines: AsyncIterator<string>,
  options: FileOptions,
): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  let line = await lines.next();
  while (line.done !== true) {
    const number = String(files).padStart(6, "0");
    const path = join(
      folder,
      "data",
      "collections",
      name,
      `${name}_00_${number}.${extensionOf(options)}`,
    );
    // eslint-disable-next-line no-await-in-loop -- one file after the other
    await mkdir(dirname(path), { recursive: true });
    let size = 0;
    const text = async function* (): AsyncGenerator<string> {
      let before = options.format === "json" ? "[" : "";
      while (line.done !== true && size < MAX_FILE_BYTES) {
        const part = options.format === "json" ? `${before}${line.value}` : `${line.value}\n`;
        before = ",";
        size += Buffer.byteLength(part);
        yield part;
        // eslint-disable-next-line no-await-in-loop -- one line after the other
        line = await lines.next();
      }
      if (options.format === "json") yield "]";
    };
    const source = Readable.from(text());
    const file = createWriteStream(path);
    // eslint-disable-next-line no-await-in-loop -- as above
    await (options.compressed ? pipeline(source, createGzip(), file) : pipeline(source, file));
    bytes += size;
    files++;
  }
  return { files, bytes };
}

/** Writes the description of a finished export, by which readers know that it is complete. */
export async function writeMetadata(
  folder: string,
  members: Readonly<Record<string, string | number | boolean | readonly string[]>>,
): Promise<void> {
  const lines = Object.entries(members).map(([name, value]) => {
    const shown = Array.isArray(value)
      ? `[ ${value.map((item) => JSON.stringify(item)).join(", ")} ]`
      : JSON.stringify(value);
    return `  "${name}": ${shown}`;
  });
  const path = join(folder, "metadata_00.json");
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.tmp`, `{\n${lines.join(",\n")}\n}`);
  await rename(`${path}.tmp`, path);
}
