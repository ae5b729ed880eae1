/** Where the demo writes. It empties a folder only if that is its own from before. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArkError } from "../../errors/errors.ts";

/** Its presence says that the folder belongs to the demo. */
export const DEMO_MARK = ".fauna-ark-demo";

/**
 * Makes the folder, or empties the demo's own.
 * @throws ArkError ERR_TARGET_NOT_EMPTY when it holds what is not the demo's; ERR_FILE_ACCESS.
 */
export async function prepareDemoFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (names.length > 0 && !names.includes(DEMO_MARK)) {
      throw new ArkError(
        "ERR_TARGET_NOT_EMPTY",
        "The demo's folder holds files that are not its own.",
        {
          place: folder,
          hint: "Name an empty folder with --out.",
        },
      );
    }
    for (const name of names) {
      if (name !== DEMO_MARK) await rm(join(folder, name), { recursive: true });
    }
    await writeFile(
      join(folder, DEMO_MARK),
      "fauna-ark demo made this folder and empties it when it runs again.\n",
    );
  } catch (error) {
    if (error instanceof ArkError) throw error;
    throw new ArkError("ERR_FILE_ACCESS", "The demo's folder cannot be written.", {
      place: folder,
      cause: error,
      hint: "Name another with --out.",
    });
  }
}
