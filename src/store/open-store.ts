import { fileURLToPath } from "node:url";
import { ArkError } from "../errors/errors.ts";
import { FolderStore } from "./folder-store.ts";
import type { Store } from "./store.ts";

/**
 * The store that a path or URL means. Makes and reads nothing yet.
 *
 * @throws ArkError ERR_USAGE for a scheme that is not supported.
 */
export function openStore(urlOrPath: string): Store {
  // A single letter before the colon is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(urlOrPath)?.[1]?.toLowerCase();
  if (urlOrPath === "") throw unsupported("an archive's place is empty");
  if (scheme === undefined) return new FolderStore(urlOrPath);
  if (scheme !== "file") throw unsupported(`archives at ${scheme}: are not supported`);
  let path: string;
  try {
    path = fileURLToPath(urlOrPath);
  } catch (cause) {
    throw new ArkError("ERR_USAGE", "not a file URL of this machine", {
      cause,
      place: urlOrPath,
      hint: "Write it as file:///absolute/path.",
    });
  }
  return new FolderStore(path);
}

function unsupported(message: string): ArkError {
  return new ArkError("ERR_USAGE", message, {
    hint: "Give the path of a folder or a file: URL. A folder whose name has a colon is written ./name.",
  });
}
