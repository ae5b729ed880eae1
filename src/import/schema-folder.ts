import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ArkError } from "../errors/errors.ts";
import { parseFsl } from "../fsl/fsl.ts";

/**
 * The `.fsl` files of a folder and the folders below it, named as `fauna schema push` names them: by path, with `/`.
 *
 * @throws ArkError ERR_USAGE when there are none, ERR_FILE_ACCESS when one cannot be read, ERR_SCHEMA with file,
 * line and column when one is not FSL.
 */
export async function readSchemaFolder(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  try {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter((each) => each.endsWith(".fsl")).toSorted()) {
      files.set(name.replaceAll("\\", "/"), await readFile(join(folder, name), "utf8"));
    }
  } catch (cause) {
    throw new ArkError("ERR_FILE_ACCESS", "The schema folder cannot be read.", {
      place: folder,
      cause,
      hint: "Check the path and its permissions.",
    });
  }
  if (files.size === 0) {
    throw new ArkError("ERR_USAGE", "The schema folder holds no .fsl files.", {
      place: folder,
      hint: "`fauna schema pull` writes them.",
    });
  }
  for (const [name, content] of files) parseFsl(content, name);
  return files;
}
